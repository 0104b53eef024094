"""Rows that are presentations: the same stimulus may be shown several times, to several subjects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data.assembly import Assembly
from repalign.data.exchange.options import Repetitions
from repalign.errors import UnsuitableError


def fold(
    values: NDArray[Any],
    ids: Sequence[str],
    *,
    units: dict[str, NDArray[Any]],
    leading: str | None = None,
    labels: Sequence[str] = (),
    repetitions: Repetitions | None = None,
    name: str = "array",
) -> Assembly:
    """Make an assembly of presentations: repeated ones become an axis, or are averaged if asked for.

    Args:
        values: Responses of shape (n_presentations, n_units).
        ids: The stimulus of each presentation.
        units: Labels of the unit axis.
        leading: What tells presentations of one stimulus apart, ``"repetition"`` or ``"subject"``.
        labels: Which repetition or subject each presentation belongs to.
        repetitions: ``"mean"`` averages the presentations of a stimulus (within a subject).
        name: Who responded.

    Raises:
        UnsuitableError: Stimuli were shown unequally often and no average was asked for, or some
            subject did not see all stimuli.
    """
    stimuli = tuple(dict.fromkeys(ids))
    if leading is not None:
        levels = tuple(dict.fromkeys(labels))
        rows = _cells([*zip(labels, ids, strict=True)], [(a, b) for a in levels for b in stimuli])
        if all(len(r) == 1 for r in rows) and not (leading == "repetition" and repetitions):
            cube = values[[r[0] for r in rows]].reshape(len(levels), len(stimuli), -1)
            return Assembly(cube, stimuli, units, leading, levels, name)
        if leading == "subject":
            _check_subjects(rows, repetitions, len(levels), name)
            cube = _means(values, rows).reshape(len(levels), len(stimuli), -1)
            return Assembly(cube, stimuli, units, leading, levels, name)
    if len(stimuli) == len(ids):
        return Assembly(values, stimuli, units, name=name)
    rows = _cells(list(ids), list(stimuli))
    if repetitions == "mean":
        return Assembly(_means(values, rows), stimuli, units, name=name)
    times = sorted({len(r) for r in rows})
    if len(times) > 1:
        most, count = Counter(len(r) for r in rows).most_common(1)[0]
        raise UnsuitableError(
            f"{name}: {len(ids)} presentations of {len(stimuli)} stimuli, each shown between {times[0]} "
            f"and {times[-1]} times ({count} of them {most} times): they fill no axis of repetitions",
            hint="Ask for the mean over the presentations of each stimulus: repetitions='mean'.",
        )
    cube = np.stack([values[[r[k] for r in rows]] for k in range(times[0])])
    return Assembly(cube, stimuli, units, "repetition", tuple(str(k) for k in range(times[0])), name)


def _cells(keys: Sequence[object], wanted: Sequence[object]) -> list[list[int]]:
    rows: dict[object, list[int]] = {cell: [] for cell in wanted}
    for row, key in enumerate(keys):
        rows[key].append(row)
    return list(rows.values())


def _means(values: NDArray[Any], rows: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    return np.stack([values[list(r)].mean(axis=0, dtype=np.float64) for r in rows])


def _check_subjects(rows: Sequence[Sequence[int]], mean: str | None, n: int, name: str) -> None:
    least, most = min(len(r) for r in rows), max(len(r) for r in rows)
    if least == 0:
        raise UnsuitableError(
            f"{name}: not all of {n} subjects saw all stimuli",
            hint="Split it by subject before reading, or select what all of them saw.",
        )
    if mean is None:
        raise UnsuitableError(
            f"{name}: {n} subjects saw each stimulus between {least} and {most} times",
            hint="Ask for the mean within each subject: repetitions='mean'.",
        )
