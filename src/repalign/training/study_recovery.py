"""Recovery after a window, over seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from repalign.maths.dynamics import Recovery
from repalign.training.published.recoveries import of_alignment, of_loss, recovery_of, summary_of
from repalign.training.study_runs import Perturbed, Place


def recoveries(
    perturbed: Sequence[Perturbed], places: Iterable[Place], threshold: float
) -> list[dict[str, Any]]:
    """A row per kind, start and length; ``n_*`` and ``median`` are about the loss.

    Args:
        perturbed: Runs of figure 4.
        places: All that were planned, in order.
        threshold: Excess of loss, relative, at which a run counts as recovered.
    """
    rows = []
    for place in places:
        own = [each for each in perturbed if each.place == place]
        loss = [of_loss(each.run, each.base, threshold) for each in own]
        alignment = [of_alignment(each.run, each.base) for each in own]
        counted = summary_of(loss)
        rows.append(
            {
                "kind": place.kind,
                "start": place.start,
                "length": place.length,
                "loss": _seeds(own, loss),
                "alignment": _seeds(own, alignment),
                **{name: counted[name] for name in ("median", "n_recovered", "n_never", "n_censored")},
                **{f"alignment_{name}": value for name, value in summary_of(alignment).items()},
            }
        )
    return rows


def recovery_summary(perturbed: Sequence[Perturbed], threshold: float) -> dict[str, Any]:
    """Over all runs of figure 4 and all seeds: counts, mean, SD, median, other thresholds."""
    whole = recovery_of([(each.run, each.base) for each in perturbed], threshold)
    alignment = {name: value for name, value in whole.pop("alignment").items() if name != "rows"}
    return {**{name: value for name, value in whole.items() if name != "rows"}, "alignment": alignment}


def cut_short(perturbed: Sequence[Perturbed], threshold: float) -> tuple[int, list[int]]:
    """How many runs were not back when their planned ``follow`` was over, and what it was."""
    found = [
        each.follow
        for each in perturbed
        if each.follow is not None and of_loss(each.run, each.base, threshold).status == "censored"
    ]
    return len(found), sorted(set(found))


def _seeds(own: Sequence[Perturbed], found: Sequence[Recovery]) -> list[dict[str, Any]]:
    return [
        {
            "seed": each.seed,
            "noise_seed": each.noise_seed,
            "epochs": recovery.epochs,
            "status": recovery.status,
            "followed": recovery.followed,
        }
        for each, recovery in zip(own, found, strict=True)
    ]
