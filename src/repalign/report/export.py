"""The figures of a report as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from repalign.data import ResultsDir
from repalign.errors import StorageError, TooFewError
from repalign.report.drawing import FORMATS, check_formats, save_all
from repalign.report.figures import all_drawings


def write_figures(
    results: ResultsDir | Path | str, folder: Path | str, formats: Sequence[str] = FORMATS
) -> list[Path]:
    """Write every figure of a results folder, each to one file per format.

    Args:
        results: The folder of results.
        folder: Where the files go; made when it is not there.
        formats: Out of ``"png"``, ``"svg"`` and ``"pdf"``.

    Returns:
        The files, figure by figure.

    Raises:
        FileError: The folder holds no results, or a file in it is damaged.
        InputError: A format is not known.
        StorageError: A file cannot be written.
        TooFewError: There is nothing to draw.
    """
    check_formats(formats)
    found = results if isinstance(results, ResultsDir) else ResultsDir.open(results)
    out = Path(folder)
    if out.exists() and not out.is_dir():
        raise StorageError(f"{out} is a file; figures go to a folder", hint="Name a folder: figures.")
    drawings = all_drawings(found)
    if not drawings:
        raise TooFewError(
            f"{found.root} holds no scores to draw", hint="See failures/ there, and run the study again."
        )
    return save_all(drawings, out, formats)
