"""Score: one number with its recipe."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any, cast

import numpy as np

from repalign.errors import InputError

Cell = str | float | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One number with its recipe. What is absent is None, and ``reason`` says why.

    Only aggregates (``subject == "all"``) carry ceiling, interval and p. ``region`` is the brain
    region, or ``"behaviour"``, or the layer where the target is a model.

    Args:
        model: Name of the model.
        layer: Layer of the model.
        target: Name of the target, or of the other model.
        region: Where the target was measured.
        subject: One subject of the target, or ``"all"`` for the mean over subjects.
        measure: Id of the measure, which states every parameter.
        value: The number, in the measure's range.
        ceiling_lower: Lower noise ceiling, in units of the value.
        ceiling_upper: Upper noise ceiling.
        ci_low: Lower end of the 95 % interval; it is not cut at the measure's range.
        ci_high: Upper end.
        p: One-sided, against chance, 0..1; not corrected for the number of rows.
        n_stimuli: How many stimuli both sides were compared on.
        n_subjects: How many subjects are behind the value.
        reason: What is absent and why, what the interval generalises to, what limits the number.
        model_digest: Of the model's responses.
        target_digest: Of the target's responses.
        spec_digest: Of everything that decides the number.
        code_version: Version of repalign and digest of its code.
        epoch: Epoch of a training run, where the model is one.
        run: The training run.
        seed: Seed of the training run.
        classes: How many classes the model was trained on.
        perturbation: Kind of a perturbation of training.
        window_start: First epoch of the perturbation, from 1.
        window_length: How many epochs it lasted.
        entry: Entry of a challenge.
        track: Track of a challenge.

    Raises:
        InputError: A cell of the wrong kind, not finite or empty; a row of one subject that carries
            ceiling, interval or p.
    """

    model: str
    layer: str | None = None
    target: str
    region: str | None = None
    subject: str = "all"
    measure: str
    value: float | None = None
    ceiling_lower: float | None = None
    ceiling_upper: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p: float | None = None
    n_stimuli: int | None = None
    n_subjects: int | None = None
    reason: str | None = None
    model_digest: str | None = None
    target_digest: str | None = None
    spec_digest: str | None = None
    code_version: str | None = None
    epoch: int | None = None
    run: str | None = None
    seed: int | None = None
    classes: int | None = None
    perturbation: str | None = None
    window_start: int | None = None
    window_length: int | None = None
    entry: str | None = None
    track: str | None = None

    def __post_init__(self) -> None:
        for name, kind in TYPES.items():
            object.__setattr__(self, name, _checked(name, kind, getattr(self, name)))
        inferred = (self.ceiling_lower, self.ceiling_upper, self.ci_low, self.ci_high, self.p)
        if self.subject != "all" and any(x is not None for x in inferred):
            raise InputError(
                f"the row of subject {self.subject!r} carries an interval, ceiling or p",
                hint="Only the aggregate, subject 'all', does.",
            )


#: Columns of every table of scores, in order: the fields of :class:`Score`.
COLUMNS: tuple[str, ...] = tuple(f.name for f in fields(Score))
TYPES: dict[str, type] = {
    f.name: float if "float" in str(f.type) else int if "int" in str(f.type) else str for f in fields(Score)
}
REQUIRED = ("model", "target", "subject", "measure")


def _checked(name: str, kind: type, given: Any) -> Cell:
    """The cell as its column stores it, or an error that names the column."""
    cell: Any = cast(Any, given.item()) if isinstance(given, np.generic) else given
    if cell is None:
        if name in REQUIRED:
            raise InputError(f"a score's {name} is absent", hint=f"Every score has a {name}.")
        return None
    number = isinstance(cell, int | float) and not isinstance(cell, bool)
    if number and not math.isfinite(cell):
        raise InputError(
            f"a score's {name} is {cell}: a number is finite or absent",
            hint="Give None, and say why in `reason`.",
        )
    if number and kind is float:
        return float(cell)
    if isinstance(cell, bool) or not isinstance(cell, kind):
        raise InputError(f"a score's {name} is {cell!r}, which is no {kind.__name__}", hint="Convert it.")
    if cell == "":
        raise InputError(f"a score's {name} is empty text", hint="Give None instead.")
    if kind is int and not -(2**63) <= cell < 2**63:
        raise InputError(f"a score's {name} is {cell}: more than 64 bits", hint="Use a smaller number.")
    return _text(name, cell) if kind is str else cell


def _text(name: str, cell: Any) -> str:
    try:
        str(cell).encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"a score's {name} is {cell!r}, which is no valid Unicode",
            hint="It came from a file name of another encoding? Rename the file.",
        ) from error
    return str(cell)
