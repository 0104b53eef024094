"""Execute the notebooks anew and write them back normalised: ``python scripts/notebooks.py [NOTEBOOK ...]``.

A notebook runs in a new process and an empty folder, without the reader's settings and without data on
disk. What differs from run to run (times, execution state, how printed text was cut into pieces) is not kept,
so that equal results give equal files.
"""

from __future__ import annotations

import base64
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import PIL.Image
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = tuple(sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")))
# No more than every front end needs: the version of Python would differ between machines.
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "name": "python", "pygments_lexer": "ipython3"},
}
IMAGES = ("image/png", "image/svg+xml")
# What a reader's own settings would change.
PRIVATE = ("REPALIGN_DATA", "REPALIGN_HOME", "MPLCONFIGDIR", "IPYTHONDIR", "JUPYTER_CONFIG_DIR")
SEEN = 8  # of 255: a smaller change of a colour is not seen
_LONGEST = 600  # seconds for one cell

Outputs = list[tuple[str, str]]


def executed(path: Path) -> NotebookNode:
    """The notebook with the outputs of a new run, normalised.

    Args:
        path: The notebook; it is only read.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell failed.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder, _alone(Path(folder)) as here:
        # Sockets in the folder, not ports: no other process can take them or listen.
        local = Config(KernelManager={"transport": "ipc", "ip": str(Path(folder) / "socket")})
        client = NotebookClient(
            notebook,
            config=local,
            kernel_name="python3",
            timeout=_LONGEST,
            record_timing=False,
            resources={"metadata": {"path": str(here)}},
        )
        client.execute()
    return normalised(notebook)


def normalised(notebook: NotebookNode) -> NotebookNode:
    """The notebook without what differs from run to run; ids of cells stay as they are.

    Args:
        notebook: An executed notebook; it is changed and returned.
    """
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
        if cell.cell_type == "code":
            cell.outputs = [nbformat.from_dict(_light(each)) for each in _joined(cell.outputs)]
    nbformat.validate(notebook)
    return notebook


def shown(cell: NotebookNode) -> Outputs:
    """What a code cell shows, as (kind, text): printed or returned text word for word, images by kind alone.

    Pixels depend on the versions of fonts and drawing libraries, so they are not compared.
    """
    found: Outputs = []
    for output in cell.outputs:
        if output.output_type == "stream":
            found.append((output.name, output.text))
        elif output.output_type == "error":
            found.append(("error", f"{output.ename}: {output.evalue}"))
        elif image := next((kind for kind in IMAGES if kind in output.data), None):
            found.append((image, ""))
        else:
            found.append(("text", output.data.get("text/plain", "")))
    return found


def text_of(notebook: NotebookNode) -> str:
    """The notebook as the file's text, with one line feed at its end."""
    return re.sub(r"\n*\Z", "\n", nbformat.writes(notebook))


def _joined(outputs: list[Any]) -> Iterator[dict[str, Any]]:
    """Outputs with neighbouring pieces of one stream put together, and no description of images."""
    last: dict[str, Any] | None = None
    for output in outputs:
        each = dict(output)
        if last and each["output_type"] == "stream" and each["name"] == last.get("name"):
            last["text"] += each["text"]
            continue
        if last:
            yield last
        last = each
    if last:
        yield last


def _light(output: dict[str, Any]) -> dict[str, Any]:
    """The output with its PNG as :func:`in_a_palette` gives it."""
    data = output.get("data", {})
    if "image/png" not in data:
        return output
    light = in_a_palette(base64.b64decode(data["image/png"]))
    return {**output, "data": {**data, "image/png": base64.b64encode(light).decode()}}


def in_a_palette(png: bytes) -> bytes:
    """The picture in 256 colours, a third of the bytes, where no eye sees the difference; else as it is.

    A picture without transparency is assumed: figures stand on white.
    """
    picture = PIL.Image.open(io.BytesIO(png))
    if picture.mode == "P":
        return png
    full = picture.convert("RGB")
    # Median cut would give all 256 to what is frequent and take the colours of small stimuli away.
    few = full.quantize(256, method=PIL.Image.Quantize.MAXCOVERAGE, dither=PIL.Image.Dither.NONE)
    before, after = (np.asarray(each, dtype=np.int16) for each in (full, few.convert("RGB")))
    if np.abs(before - after).max() > SEEN:
        return png
    buffer = io.BytesIO()
    few.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


@contextmanager
def _alone(folder: Path) -> Iterator[Path]:
    """An empty folder to run in, and an environment without the reader's settings."""
    before = dict(os.environ)
    here = folder / "run"
    here.mkdir()
    for name in PRIVATE:
        os.environ.pop(name, None)
    os.environ.update(
        REPALIGN_HOME=str(folder / "home"),
        IPYTHONDIR=str(folder / "ipython"),
        JUPYTER_CONFIG_DIR=str(folder / "jupyter"),
        OPENBLAS_NUM_THREADS="1",
        PYDEVD_DISABLE_FILE_VALIDATION="1",
    )
    try:
        yield here
    finally:
        os.environ.clear()
        os.environ.update(before)


def main(names: list[str]) -> None:
    """Execute the named notebooks, all by default, and write those that changed."""
    for path in [Path(name) for name in names] or NOTEBOOKS:
        text = text_of(executed(path))
        changed = text != path.read_text(encoding="utf-8")
        if changed:
            path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.name}: {'written' if changed else 'as it was'}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
