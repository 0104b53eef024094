"""The reference is complete and current: every public name, every measure, every command, every constant."""

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import re
import runpy
import textwrap
import tomllib

import pytest
from pages import NOTEBOOKS, PAGES, REFERENCE, ROOT, name, prose

import repalign
import repalign.errors
from repalign.data import FORMATS
from repalign.errors import RepalignError
from repalign.metrics import MEASURES
from repalign.models import SOURCES

ROOMS = (
    *("maths", "data", "execution", "models", "datasets", "metrics", "benchmarks"),
    *("training", "report", "testing"),
)
PAGE = {"": "python", **{room: room for room in ROOMS}}
OWED = tomllib.loads((ROOT / "tests" / "docs" / "owed.toml").read_text(encoding="utf-8"))
STALE = runpy.run_path(str(ROOT / "scripts" / "written.py"))["stale"]
DIRECTIVE = re.compile(r"^::: ([\w.]+)$", re.MULTILINE)
REFERRED = re.compile(r"\]\[(repalign[\w.]*)\]")


def module(room: str):
    return importlib.import_module(f"repalign.{room}" if room else "repalign")


def public() -> list[tuple[str, str]]:
    return [(room, each) for room in PAGE for each in module(room).__all__]


def functions() -> list[tuple[str, object]]:
    """Public functions of all rooms, each once."""
    found = {each: getattr(module(room), each) for room, each in public() if room}
    return sorted((each, thing) for each, thing in found.items() if inspect.isfunction(thing))


def sections(thing: object) -> dict:
    griffe = pytest.importorskip("griffe")
    parsed = griffe.Docstring(inspect.getdoc(thing) or "").parse("google", warnings=False)
    return {section.kind.value: section.value for section in parsed}


def shown(*pages: str) -> list[str]:
    """Paths of the names that pages of the reference show or refer to."""
    texts = [prose(REFERENCE / f"{page}.md") for page in pages]
    return [path for text in texts for found in (DIRECTIVE, REFERRED) for path in found.findall(text)]


def leads_to(path: str) -> tuple[str, int]:
    """The last word of a path, and which thing it is."""
    home, _, last = path.rpartition(".")
    return last, id(getattr(importlib.import_module(home), last))


@pytest.mark.parametrize("room", PAGE)
def test_every_public_name_is_in_the_reference(room):
    told = {leads_to(path) for path in shown(PAGE[room])}
    missing = [each for each in module(room).__all__ if (each, id(getattr(module(room), each))) not in told]
    assert missing == [], f"add `::: repalign.{room}.NAME` to docs/reference/{PAGE[room]}.md"


def test_every_error_is_in_the_reference():
    told = {leads_to(path) for path in shown("errors")}
    errors = {k: v for k, v in vars(repalign.errors).items() if isinstance(v, type)}
    ours = {(k, id(v)) for k, v in errors.items() if issubclass(v, RepalignError)}
    assert ours - told == set()


def test_nothing_is_in_the_reference_twice():
    paths = [path for page in REFERENCE.glob("*.md") for path in DIRECTIVE.findall(prose(page))]
    things = [leads_to(path) for path in paths]
    assert [path for path, thing in zip(paths, things, strict=True) if things.count(thing) > 1] == []


@pytest.mark.parametrize("script", ["command_reference", "measure_reference"])
def test_written_pages_are_current(script):
    made = runpy.run_path(str(ROOT / "scripts" / f"{script}.py"))
    assert STALE(made["PAGE"], made["page"]()) == ""


def test_a_stale_page_says_what_to_run(tmp_path):
    page = tmp_path / "page.md"
    assert "make reference" in STALE(page, "now")
    page.write_text("before")
    assert "make reference" in STALE(page, "now")
    page.write_text("now")
    assert STALE(page, "now") == ""


def test_every_measure_has_its_entry():
    entries = re.findall(
        r"^#### `([^`]+)`", (REFERENCE / "measures.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(entries) == sorted(MEASURES)


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_of_models_is_on_the_page_of_models(source):
    assert re.search(rf"`{source}[`/]", (ROOT / "docs" / "models.md").read_text(encoding="utf-8"))


@pytest.mark.parametrize("known", FORMATS)
def test_every_format_is_on_the_page_of_formats(known):
    assert f"`{known}`" in (ROOT / "docs" / "interchange.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "page", [p for p in [*PAGES, *NOTEBOOKS] if p.is_relative_to(ROOT / "docs")], ids=name
)
def test_every_page_is_in_the_navigation(page):
    path = page.relative_to(ROOT / "docs").with_suffix(".md").as_posix()
    listed = re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed.count(path) == 1


@pytest.mark.parametrize(("title", "thing"), functions(), ids=lambda x: x if isinstance(x, str) else "")
def test_args_of_a_docstring_are_those_of_the_signature(title, thing):
    taken = list(inspect.signature(thing).parameters)
    told = [each.name.lstrip("*") for each in sections(thing).get("parameters", [])]
    if title in OWED["no_args"]:
        assert told == []
    else:
        assert told == taken


@pytest.mark.parametrize(("title", "thing"), functions(), ids=lambda x: x if isinstance(x, str) else "")
def test_returns_and_raises_of_a_docstring_are_those_of_the_function(title, thing):
    found = sections(thing)
    returned = inspect.get_annotations(thing).get("return")
    if returned in (None, "None"):
        assert "returns" not in found
    told = [each for one in found.get("raises", []) for each in str(one.annotation).split(", ")]
    classes = [getattr(repalign.errors, each, None) or getattr(builtins, each, None) for each in told]
    assert None not in classes, f"{title} raises {told}"
    assert [each for each in raised(thing) if not issubclass(each, tuple(classes))] == []


def raised(thing) -> list[type]:
    """Errors of ours that the function's own statements raise."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(thing))))
    calls = [n.exc.func for n in ast.walk(tree) if isinstance(n, ast.Raise) and isinstance(n.exc, ast.Call)]
    names = [c.id if isinstance(c, ast.Name) else getattr(getattr(c, "value", None), "id", "") for c in calls]
    return [
        getattr(repalign.errors, each)
        for each in names
        if isinstance(getattr(repalign.errors, each, None), type)
    ]


def test_every_public_constant_says_what_it_is():
    griffe = pytest.importorskip("griffe")
    package = griffe.load("repalign", search_paths=[str(ROOT / "src")])
    bare = set()
    for room, each in public():
        found = package[f"{room}.{each}" if room else each]
        target = found.final_target if found.is_alias else found
        if target.is_attribute and each != "__version__":
            above = target.filepath.read_text(encoding="utf-8").splitlines()[target.lineno - 2]
            bare |= set() if above.startswith("#:") else {each}
    assert sorted(bare) == sorted(OWED["no_comment"])
