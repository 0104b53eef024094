"""What the site makes of notebooks and of references in docstrings."""

from __future__ import annotations

import base64
import logging
import runpy

import pytest
from pages import ROOT

PIXEL = b"not a real image"


def hooks():
    pytest.importorskip("mkdocs")
    return runpy.run_path(str(ROOT / "scripts" / "site_hooks.py"))


def notebook(*outputs):
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", "\n", "Words."]},
        {"cell_type": "code", "source": "print(1)", "outputs": list(outputs)},
        {"cell_type": "code", "source": [], "outputs": []},
    ]
    return {"cells": cells}


def displayed(kind, content):
    return {"output_type": "display_data", "data": {kind: content, "text/plain": "plain"}}


def test_a_notebook_becomes_words_code_and_what_it_printed():
    out = {"output_type": "stream", "name": "stdout", "text": ["\x1b[31m1", "\n", "2\n"]}
    text, images = hooks()["as_markdown"](notebook(out), "mine")
    shown = "````python\nprint(1)\n````\n\n````text\n1\n2\n````\n"
    assert text == f"# Title\n\n[The notebook as a file](mine.ipynb)\n\nWords.\n\n{shown}"
    assert images == {}


def test_images_of_a_notebook_become_files():
    png = displayed("image/png", base64.b64encode(PIXEL).decode())
    svg = displayed("image/svg+xml", ["<svg>", "</svg>"])
    text, images = hooks()["as_markdown"](notebook(png, svg), "mine")
    assert images == {"mine-1.png": PIXEL, "mine-2.svg": b"<svg></svg>"}
    assert [f"]({name})" in text for name in images] == [True, True]


def test_html_of_a_notebook_is_kept_whole_and_scripts_are_not():
    make = hooks()["as_markdown"]
    assert "<b>\n</b></div>" in make(notebook(displayed("text/html", "<b>\n\n</b>")), "mine")[0]
    text, _ = make(notebook(displayed("text/html", "<script src='https://x'></script>")), "mine")
    assert "script" not in text
    assert "````text\nplain\n````" in text


def package(tmp_path, text):
    """A package ``repalign`` with one function of this docstring, as the reference reads it."""
    griffe = pytest.importorskip("griffe")
    pytest.importorskip("mkdocs")
    folder = tmp_path / "repalign"
    folder.mkdir()
    functions = f'def near():\n    """{text}"""\n\n\ndef far():\n    """Far."""\n'
    code = f"#: A number\n#: of note.\nN = 3\n\n\n{functions}"
    (folder / "__init__.py").write_text(code)
    roles = runpy.run_path(str(ROOT / "scripts" / "griffe_roles.py"))["Roles"]
    return griffe.load("repalign", search_paths=[str(tmp_path)], extensions=griffe.Extensions(roles()))


@pytest.mark.parametrize("role", [":func:`far`", ":func:`repalign.far`"])
def test_a_role_becomes_a_link_to_the_name(tmp_path, role):
    made = package(tmp_path, f"As {role}.")["near"].docstring.value
    assert made == 'As <autoref optional identifier="repalign.far"><code>far</code></autoref>.'


def test_a_role_that_leads_nowhere_is_a_warning(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        made = package(tmp_path, "As :func:`gone`.")["near"].docstring.value
    assert made == "As `gone`."
    assert "repalign.near: :func:`gone` leads nowhere" in caplog.text


def test_a_comment_above_a_constant_is_its_docstring(tmp_path):
    assert package(tmp_path, "Near.")["N"].docstring.value == "A number of note."
