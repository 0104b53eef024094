"""Documentation is complete: whatever can be named in repalign has its line on the page that explains it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import repalign.errors
from repalign.cli import app
from repalign.datasets import DATASETS
from repalign.errors import RepalignError
from repalign.metrics import GROUPS, find_measure

DOCS = Path(__file__).parent.parent.parent / "docs"
ERRORS = [
    found
    for found in vars(repalign.errors).values()
    if isinstance(found, type) and issubclass(found, RepalignError)
]
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
# The decision page sets no other words joined by hyphens in backticks than ids of measures; one id has none.
IDS = re.compile(r"`(pwcca|[a-z0-9]+(?:-[a-z0-9.]+)+)`")


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def rows(name: str, header: str) -> list[list[str]]:
    """The cells of the table whose first line begins with ``| header |``."""
    lines = page(name).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {header} |"))
    end = next((i for i, line in enumerate(lines) if i > start and not line.startswith("|")), len(lines))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start + 2 : end]]


def commands() -> list[tuple[str, str]]:
    """Every command as (group or its own name, name)."""
    found = [(name := c.name or c.callback.__name__, name) for c in app.registered_commands]
    for group in app.registered_groups:
        inner = group.typer_instance.registered_commands
        found += [(str(group.name), c.name or c.callback.__name__) for c in inner]
    return found


@pytest.mark.parametrize(("group", "name"), commands(), ids=" ".join)
def test_every_command_has_its_place_in_the_table_of_commands(group, name):
    quoted = [re.findall(r"`([^`]*)`", cells[0]) for cells in rows("command-line.md", "command")]
    of_group = [texts for texts in quoted if texts and texts[0].split()[0] == group]
    assert len(of_group) == 1, f"`{group}` has {len(of_group)} rows"
    assert name in " ".join(of_group[0]).split()


def test_the_table_of_commands_names_nothing_else():
    named = {re.findall(r"`(\w+)", cells[0])[0] for cells in rows("command-line.md", "command")}
    assert named == {group for group, _ in commands()}


def test_every_data_set_has_its_row_and_no_other_has_one():
    assert sorted(cells[0].strip("`") for cells in rows("datasets.md", "name")) == sorted(DATASETS)


def test_every_error_class_has_its_row_with_its_kind():
    listed = {cells[0]: (cells[1], cells[2]) for cells in rows("errors.md", "error")}
    assert set(listed) == {f"`{error.__name__}`" for error in ERRORS}
    for error in ERRORS:
        kind, when = listed[f"`{error.__name__}`"]
        assert kind == f"`{error.kind}`"
        assert when


def test_every_error_that_is_raised_says_what_to_do_next():
    assert [cells[0] for cells in rows("errors.md", "error") if not cells[3]] == ["`RepalignError`"]


def test_every_group_of_measures_has_its_row_in_order():
    table = rows("measures.md", "family")
    assert len(table) == len(GROUPS)
    for group, cells in zip(GROUPS, table, strict=True):
        first, *_ = group.split()
        assert cells[0] == group or cells[0].removesuffix("s") == first, f"{group!r} beside {cells[0]!r}"
        whole = [name for name in IDS.findall(cells[1]) if not name.endswith("-...")]
        assert [name for name in whole if name not in GROUPS[group]] == []


def test_every_measure_that_the_decision_page_names_exists():
    named = set(IDS.findall(FENCED.sub("", page("choosing.md"))))
    assert len(named) > 30
    assert sorted(name for name in named if find_measure(name) is None) == []


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_of_measures_has_a_reason_to_be_chosen(group):
    named = set(IDS.findall(page("choosing.md")))
    assert named & set(GROUPS[group])


def test_words_of_the_glossary_are_sorted_unique_and_explained():
    table = rows("glossary.md", "word")
    words = [cells[0].casefold() for cells in table]
    assert words == sorted(set(words))
    assert [cells[0] for cells in table if len(cells) != 2 or not cells[1]] == []


def test_the_glossary_explains_the_nouns_of_the_package():
    words = {cells[0] for cells in rows("glossary.md", "word")}
    nouns = {"Assembly", "Choices", "RDM", "ResultsDir", "ScoreTable", "StimulusSet"}
    assert nouns | {name.lower() for name in ("Benchmark", "Score", "Study", "Target")} <= words
