"""To what an interval may generalise, given how many subjects and stimuli there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from repalign.errors import InputError, UnsuitableError
from repalign.maths import MIN_STIMULI

Over = Literal["auto", "both", "subjects", "stimuli"]
#: What an interval may be asked to generalise to; ``auto`` is the most that the data carry.
OVER = ("auto", "both", "subjects", "stimuli")
# From this design on coverage is calibrated (python -m benchmarks.calibration); below, intervals err on
# the wide side.
CALIBRATED = (12, 20)


@dataclass(frozen=True)
class Design:
    """Over what is resampled.

    Args:
        n_subjects: That can be told apart; 1 for one subject or one average.
        n_stimuli: How many.
        over: ``both``, ``subjects`` (stimuli fixed) or ``stimuli`` (subjects fixed).
    """

    n_subjects: int
    n_stimuli: int
    over: Literal["both", "subjects", "stimuli"]

    @property
    def words(self) -> str:
        """What the interval generalises to, for people."""
        if self.over == "both":
            return "interval generalises to other subjects and other stimuli"
        if self.over == "subjects":
            return f"interval generalises to other subjects, for these {self.n_stimuli} stimuli only"
        whom = "this one subject or average" if self.n_subjects == 1 else f"these {self.n_subjects} subjects"
        return f"interval generalises to other stimuli, for {whom} only"

    @property
    def caveat(self) -> str:
        """That the interval is conservative, where the design is small."""
        few = [
            f"{n} {what}"
            for n, least, what, counts in (
                (self.n_subjects, CALIBRATED[0], "subjects", self.over != "stimuli"),
                (self.n_stimuli, CALIBRATED[1], "stimuli", self.over != "subjects"),
            )
            if counts and n < least
        ]
        return f"conservative: {' and '.join(few)}" if few else ""


def choose_design(n_subjects: int, n_stimuli: int, over: Over = "auto") -> Design | str:
    """The widest generalisation that the data carry, or the one that is asked for.

    Args:
        n_subjects: Subjects that can be told apart.
        n_stimuli: Stimuli.
        over: ``auto`` takes both factors where there are at least 2 subjects, else stimuli.

    Returns:
        The design, or, where no interval is possible, the reason.

    Raises:
        InputError: ``over`` is none of :data:`OVER`.
        UnsuitableError: Subjects are to be resampled and there is one.
    """
    if over not in OVER:
        raise InputError(f"over={over!r} is not known", hint=f"One of: {', '.join(OVER)}.")
    if n_subjects < 2 and over in ("both", "subjects"):
        raise UnsuitableError(
            "an interval over subjects needs at least 2 that can be told apart; there is one or an average",
            hint='Take over="stimuli", or a target that keeps its subjects apart.',
        )
    if n_stimuli < MIN_STIMULI:
        return f"{n_stimuli} stimuli: no interval below {MIN_STIMULI}"
    if over == "auto":
        over = "both" if n_subjects > 1 else "stimuli"
    return Design(n_subjects, n_stimuli, over)
