"""Effects of perturbations over several seeds: an interval per cell, corrected over the cells of a figure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from repalign.maths.dynamics import SampleMean, sample_mean
from repalign.maths.multiplicity import holm
from repalign.training.published.analysis import ONE_SEED
from repalign.training.published.recoveries import extremes
from repalign.training.study_runs import Perturbed, Place

NO_RUN = "no run is there yet"
EQUAL = "all seeds differ by the same: no interval, no p"
_ROUNDING = 16 * float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Effect:
    """What one run differs by from the baseline of its seed.

    Args:
        seed: Of the baseline.
        noise_seed: Of the perturbation.
        loss: Run minus baseline; None where either has no such number.
        rsa: The same of alignment.
        size: Largest of the values that were subtracted, which bounds the error of rounding.
    """

    seed: int
    noise_seed: int
    loss: float | None
    rsa: float | None
    size: float = 1.0


@dataclass(frozen=True)
class Estimate:
    """One quantity of one cell.

    Args:
        mean: Over baseline seeds of means over noise seeds.
        sd_noise: Standard deviation between noise seeds of one baseline seed, pooled; None for one each.
    """

    mean: SampleMean
    sd_noise: float | None

    @property
    def reason(self) -> str | None:
        """Why there is no interval."""
        if self.mean.n == 0:
            return "no number"
        return ONE_SEED if self.mean.n == 1 else EQUAL if self.mean.equal else None


def at_first_epoch(each: Perturbed) -> Effect:
    """Loss and RSA at the first perturbed epoch, minus those of the baseline at that epoch."""
    here, there = each.run.at(each.place.start), each.base.at(each.place.start)
    if here is None or there is None:
        return Effect(each.seed, each.noise_seed, None, None)
    loss, rsa = here[0] - there[0], here[1] - there[1]
    size = max(1.0, abs(here[0]), abs(there[0]))
    return Effect(each.seed, each.noise_seed, loss, None if np.isnan(rsa) else rsa, size)


def of_extremes(each: Perturbed) -> Effect:
    """Lowest loss and highest RSA on record, minus those of the baseline."""
    found = extremes(each.run, each.base)
    size = max(1.0, float(np.abs(each.base.loss).max()), float(np.abs(each.run.loss).max()))
    return Effect(each.seed, each.noise_seed, found["delta_min_loss"], found["delta_max_rsa"], size)


def effects_by_place(
    perturbed: Iterable[Perturbed], places: Iterable[Place], of: Callable[[Perturbed], Effect]
) -> dict[Place, list[Effect]]:
    """Effects by place, in the order of the places; empty where no run is there yet."""
    found: dict[Place, list[Effect]] = {place: [] for place in places}
    for each in perturbed:
        found[each.place].append(of(each))
    return found


def cells_of(effects: Mapping[Place, Sequence[Effect]]) -> list[dict[str, Any]]:
    """A row per place, with p-values corrected over the cells of each figure (Holm).

    Args:
        effects: Of every run by place.

    Returns:
        Noise seeds are averaged within a baseline seed; interval and test are Student's t over baseline
        seeds and generalise to further seeds.
    """
    rows = [_row(place, own) for place, own in effects.items()]
    for figure in dict.fromkeys(row["figure"] for row in rows):
        within = [row for row in rows if row["figure"] == figure]
        for name in ("loss", "rsa"):
            _correct(within, name)
    return rows


def extremes_of(effects: Mapping[Place, Sequence[Effect]]) -> list[dict[str, Any]]:
    """A row per place with lowest loss and highest RSA minus the baseline's, for the heatmap."""
    renamed = {"delta_loss": "delta_min_loss", "delta_rsa": "delta_max_rsa"}
    return [
        {renamed.get(name, name): value for name, value in row.items() if name != "figure"}
        for row in cells_of(effects)
    ]


def _row(place: Place, effects: Sequence[Effect]) -> dict[str, Any]:
    size = max((effect.size for effect in effects), default=1.0)
    loss = estimate([(e.seed, e.loss) for e in effects], size=size)
    rsa = estimate([(e.seed, e.rsa) for e in effects], size=size)
    return {
        **place._asdict(),
        "n_seeds": len({effect.seed for effect in effects}),
        "n_noise": len({effect.noise_seed for effect in effects}),
        **_columns("loss", loss.mean),
        **_columns("rsa", rsa.mean),
        "sd_seed": rsa.mean.sd,
        "sd_noise": rsa.sd_noise,
        "loss_sd_seed": loss.mean.sd,
        "loss_sd_noise": loss.sd_noise,
        "reason": _reason(loss, rsa) if effects else NO_RUN,
    }


def estimate(values: Iterable[tuple[int, float | None]], *, size: float = 1.0) -> Estimate:
    """Mean over seeds of means over noise seeds.

    Args:
        values: Baseline seed and effect of every run; None where there is no number.
        size: Of the values of which effects are differences.
    """
    by_seed: dict[int, list[float]] = defaultdict(list)
    for seed, value in values:
        if value is not None:
            by_seed[seed].append(value)
    means = [float(np.mean(own)) for own in by_seed.values()]
    freedom = sum(len(own) - 1 for own in by_seed.values())
    within = sum(float(((np.array(own) - np.mean(own)) ** 2).sum()) for own in by_seed.values())
    sd_noise = float(np.sqrt(within / freedom)) if freedom else None
    return Estimate(sample_mean(means, rounding=_ROUNDING * size), sd_noise)


def _columns(name: str, mean: SampleMean) -> dict[str, Any]:
    return {
        f"delta_{name}": mean.mean,
        f"{name}_low": mean.low,
        f"{name}_high": mean.high,
        f"{name}_p": mean.p,
        f"{name}_p_holm": None,
    }


def _reason(loss: Estimate, rsa: Estimate) -> str | None:
    if loss.reason == rsa.reason:
        return loss.reason
    named = (("loss", loss.reason), ("RSA", rsa.reason))
    return "; ".join(f"{name}: {reason}" for name, reason in named if reason)


def _correct(rows: Sequence[dict[str, Any]], name: str) -> None:
    """Holm over the tests that were made."""
    tested = [row for row in rows if row[f"{name}_p"] is not None]
    for row, p in zip(tested, holm([row[f"{name}_p"] for row in tested]).tolist(), strict=True):
        row[f"{name}_p_holm"] = p
