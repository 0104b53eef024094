"""Documentation is executed: every block runs, prints what the page says, and every link leads somewhere."""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import re
import shlex
import subprocess
import sys

import pytest
from pages import PAGES, ROOT, anchors, links, name

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SOURCE = ROOT / "src"
MODULES = [
    ".".join(p.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
    for p in sorted(SOURCE.rglob("*.py"))
    if ">>>" in p.read_text(encoding="utf-8")
]


def run_console(text: str) -> None:
    for line in text.splitlines():
        if line.startswith("$ repalign "):
            command = [sys.executable, "-m", "repalign", *shlex.split(line.removeprefix("$ repalign "))]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_runs_and_prints_what_the_page_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "page"}
    printed = ""
    for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        if kind == "python":
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(text, page.name, "exec"), namespace)
            printed = out.getvalue()
        elif kind == "text":
            assert printed.strip() == text.strip()
        elif kind == "console":
            run_console(text)


@pytest.mark.parametrize("module", MODULES)
def test_examples_in_docstrings_hold(module):
    outcome = doctest.testmod(importlib.import_module(module))
    assert outcome.attempted > 0
    assert outcome.failed == 0


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=name)
def test_relative_links_lead_to_files(page):
    missing = [file for file, _ in links(page) if file and not (page.parent / file).exists()]
    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_anchors_of_links_are_headings(page):
    for file, anchor in links(page):
        target = page.parent / file if file else page
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{file}#{anchor}"


def test_anchors_are_those_of_the_site():
    toc = pytest.importorskip("markdown").Markdown(extensions=["toc", "attr_list", "fenced_code"])
    for page in PAGES:
        if page.is_relative_to(ROOT / "docs") and page.parent.name != "reference":
            toc.reset()
            made = set(re.findall(r'<h\d id="([^"]+)"', toc.convert(page.read_text(encoding="utf-8"))))
            assert anchors(page) == made, name(page)
