"""The notebooks run as they stand, print what they print, and hold nothing that is not theirs to hold."""

from __future__ import annotations

import base64
import importlib.util
import io
import json
import re
from pathlib import Path

import nbformat
import numpy as np
import PIL.Image
import pytest

ROOT = Path(__file__).parent.parent.parent
_spec = importlib.util.spec_from_file_location("notebooks", ROOT / "scripts" / "notebooks.py")
notebooks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(notebooks)

PAGES = notebooks.NOTEBOOKS
LONG = ("demo-trip.ipynb",)
MOST = 1_000_000  # bytes: a page that opens quickly and a difference that can be looked at
HARMLESS = {"stdout", "text/plain", "image/svg+xml", "metadata"}  # no HTML, no widget, no script
PNG = b"\x89PNG\r\n\x1a\n"
# A path from the root of this or another machine: not "and/or", not a link, not inside of a longer word.
ABSOLUTE = re.compile(
    r"(?<![\w.:/\\<)~])(?:/(?:home|root|tmp|usr|var|work|opt|Users|private|mnt)\b|[A-Z]:\\)"
)
FROM_ELSEWHERE = re.compile(
    r"<(?:script|img|link|iframe)\b[^>]*\b(?:src|href)\s*=\s*[\"']?(?:https?:)?//", re.I
)


def marked(path):
    return pytest.param(path, marks=pytest.mark.slow if path.name in LONG else (), id=path.stem)


def read(path):
    return nbformat.read(path, as_version=4)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def held(notebook):
    """All that outputs hold except the bytes of images, as (cell, kind, text)."""
    for cell in code(notebook):
        for output in cell.outputs:
            if output.output_type == "stream":
                yield cell.id, output.name, output.text
            for kind, data in output.get("data", {}).items():
                if kind != "image/png":
                    yield cell.id, kind, data if isinstance(data, str) else json.dumps(data)
            if output.get("metadata"):
                yield cell.id, "metadata", json.dumps(output.metadata)


def test_there_are_notebooks():
    names = {"demo-trip.ipynb", "figures-1-to-4.ipynb", "own-model-own-brain.ipynb"}
    assert {path.name for path in PAGES} == names
    assert set(LONG) < {path.name for path in PAGES}, "one of them runs among the fast tests"


@pytest.mark.parametrize("path", [marked(p) for p in PAGES])
def test_a_new_run_shows_what_the_notebook_shows(path):
    before = read(path)
    after = notebooks.executed(path)
    for old, new in zip(code(before), code(after), strict=True):
        assert notebooks.shown(new) == notebooks.shown(old), (
            f"{path.name}, cell {old.id}: run `python scripts/notebooks.py {path.relative_to(ROOT)}` and look"
        )


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_every_cell_has_run_in_order_without_errors_or_warnings(path):
    cells = code(read(path))
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    kinds = {kind for cell in cells for kind, _ in notebooks.shown(cell)}
    assert kinds <= {"stdout", "text", *notebooks.IMAGES}
    assert "stdout" in kinds


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_nothing_in_it_belongs_to_a_machine_or_is_fetched(path):
    notebook = read(path)
    for cell, kind, text in held(notebook):
        assert not ABSOLUTE.search(text), f"{cell} holds an absolute path"
        assert not re.search(r"0x[0-9a-f]{6,}", text), f"{cell} holds an address in memory"
        assert kind in HARMLESS, f"{cell}: {kind} may run or fetch something"
        assert not FROM_ELSEWHERE.search(text), f"{cell} fetches something"
    for cell in notebook.cells:
        assert not ABSOLUTE.search(cell.source)
        assert not FROM_ELSEWHERE.search(cell.source)
        assert not re.search(r"!\[[^\]]*\]\(https?:", cell.source), f"{cell.id} shows an image from elsewhere"
        assert not cell.get("attachments")


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_figures_are_in_it_with_their_descriptions_and_it_stays_small(path):
    outputs = [output for cell in code(read(path)) for output in cell.outputs]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) >= 5
    for picture in pictures:
        assert base64.b64decode(picture.data["image/png"]).startswith(PNG)
        assert len(picture.metadata["image/png"]["alt"]) > 20, "those who do not see it read the description"
    assert path.stat().st_size < MOST


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_it_is_written_as_the_tool_writes_it(path):
    notebook = read(path)
    assert notebooks.text_of(notebooks.normalised(notebook)) == path.read_text(encoding="utf-8")
    ids = [cell.id for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert dict(notebook.metadata) == notebooks.METADATA


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.stem)
def test_its_links_lead_to_files(path):
    sources = [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", "\n".join(sources)):
        if not target.startswith(("http://", "https://")):
            assert (path.parent / target).exists(), target


def as_png(pixels):
    buffer = io.BytesIO()
    PIL.Image.fromarray(pixels).save(buffer, format="PNG")
    return buffer.getvalue()


def pixels_of(png):
    return np.asarray(PIL.Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_a_lighter_picture_keeps_even_its_rare_colours():
    generator = np.random.default_rng(0)
    ramp = np.stack([np.arange(251), np.arange(251) // 2, 250 - np.arange(251)], axis=1)
    heatmap = ramp[generator.integers(0, 251, size=(200, 200))].astype(np.uint8)
    for number, colour in enumerate(generator.integers(0, 256, size=(12, 3))):
        heatmap[:6, 8 * number : 8 * number + 6] = colour  # stimuli along the axis, 36 pixels each
    light = notebooks.in_a_palette(as_png(heatmap))
    assert len(light) < 0.6 * len(as_png(heatmap))
    assert np.abs(pixels_of(light) - heatmap).max() <= 8
    assert notebooks.in_a_palette(light) == light


def test_a_picture_of_many_colours_stays_as_it_is():
    noise = as_png(np.random.default_rng(0).integers(0, 256, size=(64, 64, 3)).astype(np.uint8))
    assert notebooks.in_a_palette(noise) == noise


def made_of(*sources):
    cells = [nbformat.v4.new_code_cell(source, id=f"cell-{i}") for i, source in enumerate(sources)]
    return nbformat.v4.new_notebook(cells=cells)


@pytest.fixture
def written(tmp_path):
    def write(*sources):
        path = tmp_path / "made.ipynb"
        nbformat.write(made_of(*sources), path)
        return path

    return write


def test_a_notebook_runs_alone_in_an_empty_folder(written, monkeypatch):
    monkeypatch.setenv("REPALIGN_DATA", "/nowhere")
    path = written(
        "import os\nfrom pathlib import Path",
        "print(os.environ.get('REPALIGN_DATA'), list(Path().iterdir()))",
        "print('one')\nprint('two', flush=True)\nprint('three')",
    )
    done = notebooks.executed(path)
    assert notebooks.shown(done.cells[1]) == [("stdout", "None []\n")]
    assert notebooks.shown(done.cells[2]) == [("stdout", "one\ntwo\nthree\n")]
    assert notebooks.text_of(done) == notebooks.text_of(notebooks.executed(path))


def test_a_cell_that_fails_stops_the_run(written):
    from nbclient.exceptions import CellExecutionError

    with pytest.raises(CellExecutionError, match="nothing here"):
        notebooks.executed(written("raise ValueError('nothing here')", "print('never')"))
