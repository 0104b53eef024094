"""What the page says of reasons: every phrase that the benchmarks write is explained, others are shown."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from folders import BOTH, Page, aggregate, folder, row

import repalign
from repalign.benchmarks.design import Design, choose_design
from repalign.data import ScoreTable
from repalign.report import render
from repalign.report.words import HEADINGS, explain, phrases, summary

SOURCE = Path(repalign.__file__).parent
WRITERS = ("design", "inference", "sampling", "ceilings", "score", "chance", "differences", "layers")
# Errors that stop a score and so are no reason beside one.
STOPS = {"InputError", "TooFewError", "UnknownNameError", "IdentityError"}
# Texts of these files that stand in no row's reason as they are: parts of others, errors that stop.
NOT_REASONS = {
    "this one subject or average",
    "these 7 subjects",
    "interval generalises to other stimuli, for 7 only",
    "an interval over subjects needs at least 2 that can be told apart; there is one or an average",
    "no interval",
    "no p",
    "7: 7",
    "7 7",
    "7 of 7 stimuli resamples 7 pairs; at most 7 are",
    "split half",
    "noise ceiling, 7",
    "7 against 7",
    "A difference needs resamples: use RSA, CKA or an encoding measure.",
    "no comparison with the noise ceiling: 7",
    "there is no noise ceiling of 7 here to compare with",
}


def texts(node: ast.AST) -> list[str]:
    """Texts below a node that may come before people, with 7 in place of what is filled in."""
    if isinstance(node, ast.keyword) and node.arg == "hint":
        return []
    if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
        name = ast.unparse(node.exc.func).partition(".")[0]
        if name in STOPS:
            return []
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return []  # a docstring
    if isinstance(node, ast.JoinedStr):
        return ["".join(str(p.value) if isinstance(p, ast.Constant) else "7" for p in node.values)]
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    return [text for child in ast.iter_child_nodes(node) for text in texts(child)]


def unknown(nodes: Iterable[ast.AST]) -> list[str]:
    """Texts of several words that are not explained, neither alone nor as what hinders an interval or a p."""
    found = [text for node in nodes for text in texts(node)]
    several = [text for text in dict.fromkeys(found) if " " in text.strip() and text not in NOT_REASONS]
    return [each for text in several for each in phrases(text) if not is_explained(each)]


def is_explained(phrase: str) -> bool:
    """Whether there are words for a phrase; those for any hindrance at all do not count."""
    if explain(phrase) is not None:
        return True
    hindered = [explain(f"no interval: {phrase}"), explain(f"no p: {phrase}")]
    return any(each is not None and each.short not in ("no interval", "no p") for each in hindered)


@pytest.mark.parametrize("name", WRITERS)
def test_every_phrase_that_is_written_beside_a_number_is_explained(name):
    tree = ast.parse((SOURCE / f"benchmarks/{name}.py").read_text("utf-8"))
    assert unknown([tree]) == [], "give them words in report/words.toml, or list them in NOT_REASONS"


def test_every_remark_of_a_measure_is_explained():
    functions = [
        node
        for path in sorted((SOURCE / "metrics").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name == "remarks"
    ]
    assert len(functions) > 3
    assert unknown(functions) == [], "give them words in report/words.toml"


def test_the_phrases_of_designs_are_explained_whatever_their_numbers():
    for over in ("both", "subjects", "stimuli"):
        for n_subjects in (1, 2, 30):
            for n_stimuli in (10, 92):
                design = Design(n_subjects, n_stimuli, over)
                assert explain(design.words).about == "general"
                assert not design.caveat or explain(design.caveat).about == "interval"
    assert explain(choose_design(3, 9)).short == "no interval: too few stimuli"


def test_reasons_for_no_ceiling_in_the_data_sets_are_explained():
    for path in sorted((SOURCE / "datasets").glob("*.py")):
        for text in re.findall(r'(?:note|pooled|mean8|mean16|monkeys|fitted) = "([^"]*)"', path.read_text()):
            for phrase in phrases(text):
                assert explain(phrase) is not None, phrase


def test_words_are_no_longer_than_can_be_read():
    for pattern in re.findall(
        r"^short = \"(.*)\"$", (SOURCE / "report/words.toml").read_text(), re.MULTILINE
    ):
        assert len(pattern) < 80


def test_numbers_are_counted_by_what_they_generalise_to():
    some = [(BOTH, True)] * 12 + [(None, False)] * 4 + [("something new", True)] * 2
    parts = dict(summary(some))
    general = parts[HEADINGS["general"]]
    assert [(each.count, each.total) for each in general] == [(12, 18), (4, 18), (2, 18)]
    assert general[0].short == "to other subjects and to other stimuli like these"
    assert general[1].short == "to nothing beyond these data"
    (new,) = parts[HEADINGS["other"]]
    assert (new.count, new.short) == (2, "something new")
    assert sum(each.count for each in general) == len(some)


def test_a_phrase_counts_once_per_number_and_variants_are_joined():
    reasons = [
        "conservative: 4 subjects",
        "conservative: 3 subjects and 12 stimuli",
        "conservative: 4 subjects",
    ]
    (sentence,) = dict(summary([(each, True) for each in reasons]))[HEADINGS["interval"]]
    assert sentence.count == 3
    assert sentence.phrases == ("conservative: 3 subjects and 12 stimuli", "conservative: 4 subjects")


def test_the_page_says_it_in_words_and_what_it_does_not_know_word_for_word(tmp_path):
    rows = [aggregate("a"), aggregate("b"), aggregate("c", reason=f"{BOTH}; a phrase of tomorrow"), row("d")]
    text = Page(render(folder(tmp_path, ScoreTable(rows)))).text
    general = re.sub(r"\s+", " ", text.partition("What an interval generalises to")[2])
    assert general.startswith(" 3 of 4 to other subjects and to other stimuli like these The interval holds")
    assert "1 of 4 to nothing beyond these data" in general
    assert f"{HEADINGS['other']} 1 of 4 a phrase of tomorrow" in general
