"""How loss and alignment move over epochs: gains, recovery after a window, durations that are cut short."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from repalign.errors import DegenerateError, ShapeError
from repalign.maths.checks import Floats
from repalign.maths.ranks import midranks
from repalign.maths.uncertainty import of_subjects

__all__ = [
    "Recovery",
    "SampleMean",
    "alignment_recovery",
    "elastic_window",
    "first_reaching",
    "loss_recovery",
    "mean_and_sd",
    "median_duration",
    "rank_correlation",
    "reference_loss",
    "sample_mean",
]

Status = Literal["recovered", "never", "censored"]
Epochs = NDArray[np.int64]
Truths = NDArray[np.bool_]
PATIENCE = 20  # epochs without a lower loss after which training of the 2025 study stops


@dataclass(frozen=True)
class Recovery:
    """When a run is back where the baseline is.

    Args:
        epochs: Counted from the window's last epoch; None if it was not seen to recover.
        followed: Epochs on record after the window's last one: what a censored duration is at least.
        status: ``recovered``; ``never``: trained as long as the baseline, or until its loss had stopped
            falling, and not back; ``censored``: the record ends before either.
    """

    epochs: int | None
    followed: int
    status: Status


@dataclass(frozen=True)
class SampleMean:
    """A mean over independent runs, and what it says about further ones.

    Args:
        n: How many values there are.
        mean: None for none.
        sd: Of the sample, divided by n - 1; None for fewer than two values.
        low: Lower end of the 95 % interval of Student's t with n - 1 degrees of freedom.
        high: Upper end.
        p: Two-sided, of the null that the true mean is 0.
        equal: Whether there are several values and all are the same: then there is neither interval nor p.
    """

    n: int
    mean: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    equal: bool = False


def sample_mean(values: Sequence[float] | Floats, *, rounding: float = 0.0) -> SampleMean:
    """Mean, 95 % interval and two-sided t test against 0.

    Args:
        values: One per independent run, (n,); NaN where there is no number.
        rounding: Values that lie no further apart than this are the same value.

    Returns:
        With what exists: one value has no interval, and equal ones say nothing about how others would
        differ.
    """
    array = np.asarray(values, dtype=np.float64)
    kept = array[np.isfinite(array)]
    mean, sd = mean_and_sd(kept)
    if mean is None or sd is None:
        return SampleMean(len(kept), mean)
    if np.ptp(kept) <= rounding:
        return SampleMean(len(kept), mean, 0.0, equal=True)
    over = of_subjects(kept)
    low, high = over.interval(mean)
    return SampleMean(len(kept), mean, sd, low, high, over.p(mean))


def first_reaching(
    epochs: Sequence[int] | Epochs, values: Sequence[float] | Floats, *, share: float = 0.5
) -> int | None:
    """The first epoch at which a course has reached a share of its final value.

    Args:
        epochs: Rising, (k,).
        values: (k,); NaN where there is no number.
        share: Of the last value that is a number.

    Returns:
        None where that value is not above 0, so that it has no share to be reached.

    Raises:
        ShapeError: The lengths differ.
    """
    at, found = _paired(epochs, values)
    at, found = at[np.isfinite(found)], found[np.isfinite(found)]
    if not len(found) or found[-1] <= 0:
        return None
    return int(at[np.argmax(found >= share * found[-1])])


def elastic_window(
    epochs: Sequence[int] | Epochs, rsa: Floats, *, n: int = 5
) -> tuple[list[int], list[float]]:
    """The epochs of largest gain in alignment over the epoch before, largest first.

    Args:
        epochs: Rising by one, (k,).
        rsa: Alignment at each, (k,); gains next to NaN do not count.
        n: How many epochs at most.

    Returns:
        The epochs, and their gains.

    Raises:
        ShapeError: The lengths differ.
    """
    at, values = _paired(epochs, rsa)
    gains = np.diff(values)
    order = np.argsort(-gains, kind="stable")  # NaN comes last
    best = [int(i) for i in order if np.isfinite(gains[i])][:n]
    return [int(at[i + 1]) for i in best], [float(gains[i]) for i in best]


def reference_loss(
    baseline_epochs: Sequence[int] | Epochs,
    baseline_loss: Floats,
    epochs: Sequence[int] | Epochs,
    *,
    trimmed: bool = True,
) -> Floats:
    """What a run's loss is held against at each epoch: the baseline's, past its end its lowest.

    Args:
        baseline_epochs: Rising, (k,).
        baseline_loss: (k,), finite.
        epochs: Epochs asked for, (m,).
        trimmed: End the baseline at its lowest loss, from where it rises again; else at its last epoch.

    Returns:
        (m,).

    Raises:
        ShapeError: The lengths differ.
        DegenerateError: A loss of the baseline is NaN or infinite.
    """
    at, loss = _paired(baseline_epochs, baseline_loss)
    if not len(loss) or not np.isfinite(loss).all():
        raise DegenerateError(
            "the baseline's loss is absent, NaN or infinite", hint="Leave out the epochs from there on."
        )
    lowest = int(np.argmin(loss))
    end = lowest if trimmed else len(at) - 1
    known = {int(e): float(v) for e, v in zip(at[: end + 1], loss[: end + 1], strict=True)}
    return np.array([known.get(int(e), float(loss[lowest])) for e in epochs], dtype=np.float64)


def loss_recovery(
    epochs: Sequence[int] | Epochs,
    loss: Floats,
    baseline_epochs: Sequence[int] | Epochs,
    baseline_loss: Floats,
    *,
    end: int,
    threshold: float = 0.01,
    trimmed: bool = True,
) -> Recovery:
    """First epoch after the window whose loss is at most (1 + threshold) times the baseline's.

    Args:
        epochs: Of the run, rising, (k,).
        loss: Of the run, (k,); NaN is never a recovery.
        baseline_epochs: Rising, (m,).
        baseline_loss: (m,), finite.
        end: Last epoch of the window.
        threshold: Tolerated excess, relative: .01 for 1 %.
        trimmed: See :func:`reference_loss`.

    Raises:
        ShapeError: The lengths differ.
        DegenerateError: A loss of the baseline is NaN or infinite.
    """
    at, values = _paired(epochs, loss)
    reference = reference_loss(baseline_epochs, baseline_loss, at, trimmed=trimmed)
    back = values <= (1 + threshold) * reference
    return _recovery(at, back, end, over=_is_over(at, values, end, int(np.max(np.asarray(baseline_epochs)))))


def alignment_recovery(
    epochs: Sequence[int] | Epochs,
    rsa: Floats,
    baseline_epochs: Sequence[int] | Epochs,
    baseline_rsa: Floats,
    *,
    end: int,
    margin: float = 0.01,
) -> Recovery:
    """First epoch after the window whose alignment is within ``margin`` of the baseline's at that epoch.

    Where the baseline has no such epoch nothing can be said: a run that was not back by the baseline's
    last epoch is ``never`` if it was compared at all, else ``censored``.

    Args:
        epochs: Of the run, rising, (k,).
        rsa: Of the run, (k,).
        baseline_epochs: Rising, (m,).
        baseline_rsa: (m,).
        end: Last epoch of the window.
        margin: Largest difference, above or below, that counts as being back.

    Returns:
        Where ``followed`` counts the epochs that both have.

    Raises:
        ShapeError: The lengths differ.
    """
    at, values = _paired(epochs, rsa)
    base_at, base = _paired(baseline_epochs, baseline_rsa)
    known = dict(zip(base_at.tolist(), base.tolist(), strict=True))
    both = np.array([int(e) in known for e in at], dtype=np.bool_)
    at, values = at[both], values[both]
    reference = np.array([known[int(e)] for e in at], dtype=np.float64)
    last = int(base_at[-1]) if len(base_at) else end
    over = len(at) > 0 and int(at[-1]) >= last > end
    return _recovery(at, np.abs(values - reference) <= margin, end, over=over)


def mean_and_sd(values: Sequence[float] | Floats) -> tuple[float | None, float | None]:
    """Mean and sample standard deviation (divided by n - 1) of what is not NaN.

    Args:
        values: (n,); NaN where there is no number.

    Returns:
        None where there is none: no value for the mean, fewer than two for the deviation.
    """
    array = np.asarray(values, dtype=np.float64)
    kept = array[np.isfinite(array)]
    mean = float(kept.mean()) if len(kept) else None
    return mean, float(kept.std(ddof=1)) if len(kept) > 1 else None


def rank_correlation(x: Sequence[float] | Floats, y: Sequence[float] | Floats) -> float | None:
    """Spearman's correlation over positions where neither is NaN; ties share their mean rank.

    Args:
        x: (n,); NaN where there is no number.
        y: (n,), of the same positions.

    Returns:
        -1 to 1; None with fewer than 3 positions or where one side is constant.

    Raises:
        ShapeError: The lengths differ.
    """
    a, b = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    if a.shape != b.shape:
        raise ShapeError(f"{len(a)} and {len(b)} values; both sides are about the same epochs")
    kept = np.isfinite(a) & np.isfinite(b)
    if kept.sum() < 3:
        return None
    ranks = midranks(np.stack([a[kept], b[kept]]))
    ranks -= ranks.mean(axis=1, keepdims=True)
    lengths = np.sqrt((ranks**2).sum(axis=1))
    return None if lengths.min() == 0 else float(np.clip(ranks[0] @ ranks[1] / lengths.prod(), -1, 1))


def median_duration(recoveries: Sequence[Recovery]) -> float | None:
    """Median time to recovery where some runs were not followed to it (Kaplan and Meier 1958).

    A run that is not back counts as still away at its last epoch and as unknown afterwards, so it is
    neither dropped, which would make the median too short, nor called lost for ever.

    Args:
        recoveries: One per run.

    Returns:
        The first duration at which at most half the runs are still away; None if more than half are at
        the end of the record.
    """
    away = 1.0
    for time in sorted({r.epochs for r in recoveries if r.epochs is not None}):
        # A run censored at this very epoch was seen to be away at it.
        at_risk = sum((r.followed if r.epochs is None else r.epochs) >= time for r in recoveries)
        away *= 1 - sum(r.epochs == time for r in recoveries) / at_risk
        if away <= 0.5 + 1e-12:
            return float(time)
    return None


def _paired(epochs: Sequence[int] | Epochs, values: Any) -> tuple[Epochs, Floats]:
    at, found = np.asarray(epochs, dtype=np.int64), np.asarray(values, dtype=np.float64)
    if at.shape != found.shape or at.ndim != 1:
        raise ShapeError(
            f"epochs have shape {at.shape} and values {found.shape}", hint="Give one value per epoch."
        )
    return at, found


def _recovery(at: Epochs, back: Truths, end: int, *, over: bool) -> Recovery:
    after = at > end
    followed = int(at[-1]) - end if after.any() else 0
    found = np.flatnonzero(after & back)
    if len(found):
        return Recovery(int(at[found[0]]) - end, followed, "recovered")
    return Recovery(None, followed, "never" if over and followed else "censored")


def _is_over(at: Epochs, loss: Floats, end: int, baseline_end: int) -> bool:
    """Whether a run went on for as long as the baseline, or until its loss had stopped falling."""
    after = at > end
    if not after.any() or not np.isfinite(loss[after]).any():
        return False
    lowest = int(at[after][np.nanargmin(loss[after])])
    stopped = int(at[-1]) - lowest >= PATIENCE
    return stopped or int(at[-1]) >= baseline_end > end
