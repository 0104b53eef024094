"""A figure of the report: a name, what it shows in words, and the same picture for page and file."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from repalign.data import write_bytes
from repalign.errors import InputError
from repalign.report.labels import clean
from repalign.report.style import styled, without_glyph_warnings
from repalign.report.svg import compact, raw_svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMATS = ("png", "svg", "pdf")
DPI = 200
# What would differ between two files of one figure, or names the machine's software.
_METADATA: Mapping[str, dict[str, None]] = {
    "png": {"Software": None},
    "pdf": dict.fromkeys(("CreationDate", "Creator", "Producer")),
}

View = tuple[Mapping[str, NDArray[Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class Drawing:
    """One figure.

    Args:
        name: File stem, unique in a report.
        kind: ``"scores"``, ``"profile"``, ``"rdms"``, ``"map"``, ``"differences"``, ``"pairs"`` or
            ``"dynamics"``.
        title: Heading above it.
        alt: What is drawn, how many, the best and the worst with numbers, for those who do not see it.
        caption: What bars, lines, dots and bands mean, how many stimuli and subjects, the ceiling.
        draw: Makes the figure, as matplotlib's, in the style of the report.
    """

    name: str
    kind: str
    title: str
    alt: str
    caption: str
    draw: Callable[[], Figure]

    def __post_init__(self) -> None:
        for said in ("title", "alt", "caption"):  # names in them may hold what no XML may
            object.__setattr__(self, said, clean(getattr(self, said)))

    def svg(self) -> str:
        """The figure as an SVG element to stand in a page; equal drawings give equal text.

        Titles of its parts show the numbers on hovering; ``role`` and ``aria-label`` are set.
        """
        with styled(), without_glyph_warnings():
            return compact(raw_svg(self.draw()), self.name, self.alt)

    def save(self, folder: Path | str, formats: Sequence[str] = FORMATS) -> list[Path]:
        """Write the figure as ``NAME.FORMAT``; each file is replaced as a whole.

        Args:
            folder: Made when it is not there.
            formats: Out of :data:`FORMATS`.

        Returns:
            The files, in the order of the formats.

        Raises:
            InputError: A format is not known.
            StorageError: A file cannot be written.
        """
        check_formats(formats)
        paths = [Path(folder) / f"{self.name}.{each}" for each in formats]
        for path, each in zip(paths, formats, strict=True):
            write_bytes(path, self.svg().encode() if each == "svg" else self._saved(each))
        return paths

    def _saved(self, format: str) -> bytes:
        buffer = io.BytesIO()
        with styled():
            self.draw().savefig(buffer, format=format, dpi=DPI, metadata=dict(_METADATA[format]))
        return buffer.getvalue()


def save_all(drawings: Iterable[Drawing], folder: Path | str, formats: Sequence[str]) -> list[Path]:
    """Write figures, each as :meth:`Drawing.save` does; nothing is drawn where a format is not known.

    Args:
        drawings: The figures.
        folder: Made when it is not there.
        formats: Out of :data:`FORMATS`.

    Returns:
        The files, figure by figure.

    Raises:
        InputError: A format is not known.
        StorageError: A file cannot be written.
    """
    check_formats(formats)
    return [path for drawing in drawings for path in drawing.save(folder, formats)]


def check_formats(formats: Sequence[str]) -> None:
    """Refuse a format that figures are not written in.

    Raises:
        InputError: There is one.
    """
    for each in formats:
        if each not in FORMATS:
            raise InputError(
                f"figures are not written as {each!r}", hint=f"One or more of: {', '.join(FORMATS)}."
            )
