"""Labels of points, placed one after another where nothing lies yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from repalign.report.style import INK, SMALL, SOFT, text_width

_RINGS, _STEP, _NEAR, _MARK = 40, 0.05, 0.06, 0.04  # inches, but for the first


@dataclass(frozen=True)
class Box:
    """A label's place in inches, and whether a line has to lead to it."""

    left: float
    bottom: float
    right: float
    top: float
    led: bool = False

    def overlaps(self, other: Box) -> bool:
        """Whether both share some of the plane."""
        across = self.left < other.right and other.left < self.right
        return across and self.bottom < other.top and other.bottom < self.top

    def inside(self, width: float, height: float) -> bool:
        """Whether it lies within axes of this size."""
        return self.left >= 0 and self.bottom >= 0 and self.right <= width and self.top <= height


def find_places(
    texts: Sequence[str], points: NDArray[Any], marks: NDArray[Any], size: tuple[float, float]
) -> list[Box] | None:
    """The first free place around each point, the nearest first; None where a label finds none.

    Args:
        texts: Labels.
        points: (n_labels, 2) in inches from the lower left corner of the axes.
        marks: (n, 2) all that is drawn and that no label may cover.
        size: Of the axes in inches.
    """
    taken = [Box(x - _MARK, y - _MARK, x + _MARK, y + _MARK) for x, y in marks.tolist()]
    found: list[Box] = []
    for text, (x, y) in zip(texts, points.tolist(), strict=True):
        wide, high = text_width([text], SMALL) + 0.03, SMALL / 72 * 1.2
        free = (
            box
            for box in _around(x, y, wide, high)
            if box.inside(*size) and not any(map(box.overlaps, taken))
        )
        box = next(free, None)
        if box is None:
            return None
        taken.append(box)
        found.append(box)
    return found


def _around(x: float, y: float, wide: float, high: float) -> Iterator[Box]:
    """Boxes around a point, ring by ring: right, left, above, below, corners."""
    for ring in range(_RINGS):
        far = _NEAR + _STEP * ring
        for across, up in ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)):
            left, bottom = x + across * (far + wide / 2) - wide / 2, y + up * (far + high / 2) - high / 2
            yield Box(left, bottom, left + wide, bottom + high, led=ring > 1)


def write_labels(
    axes: Any, texts: Sequence[str], boxes: Sequence[Box], points: NDArray[Any], size: tuple[float, float]
) -> None:
    """Write labels into their boxes, with a thin line to those that stand apart."""
    line: Any = {"arrowstyle": "-", "color": SOFT, "linewidth": 0.5, "shrinkA": 0, "shrinkB": 2}
    look: Any = {"va": "center", "size": SMALL, "color": INK, "zorder": 5}
    for text, box, (x, y) in zip(texts, boxes, points.tolist(), strict=True):
        # Held on the side of its point, which a narrower font leaves in place.
        beside = {"left": box.left, "right": box.right, "center": (box.left + box.right) / 2}
        held = "left" if box.left > x else "right" if box.right < x else "center"
        at = beside[held] / size[0], (box.bottom + box.top) / 2 / size[1]
        axes.annotate(
            text,
            (x / size[0], y / size[1]),
            at,
            ha=held,
            xycoords="axes fraction",
            textcoords="axes fraction",
            arrowprops=line if box.led else None,
            parse_math=False,
            **look,
        )
