"""Words of a training study: names of what is measured, how many seeds, what an interval generalises to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from repalign.data import Score
from repalign.report.dynamics_axes import ONE_SEED
from repalign.report.labels import axis, clean, count, number, short

Row = Mapping[str, Any]

_COEFFICIENTS = {
    "spearman": "Spearman's rho",
    "pearson": "Pearson's r",
    "rho-a": "rho-a",
    "tau-a": "tau-a",
    "tau-b": "tau-b",
    "cosine": "cosine",
}
_LOSSES = {
    "loss-mse": ("MSE", "mean squared error, in squared units of the targets"),
    "loss-cross-entropy": ("nats", "cross-entropy in nats"),
}


def alignment_name(measure: str | None) -> str:
    """A measure as the name of an axis: RSA by its coefficient, others by their id."""
    if measure is None:
        return "alignment"
    for end, coefficient in _COEFFICIENTS.items():
        if measure.startswith("rsa-") and measure.endswith(f"-{end}") and "whitened" not in measure:
            return f"RSA ({coefficient})"
    return short(axis(measure), 30)


def coefficient(measure: str) -> str:
    """A measure as a part of a title: the coefficient of an RSA alone."""
    return alignment_name(measure).removeprefix("RSA (").removesuffix(")")


def shared_name(courses: Sequence[Row]) -> str:
    """The name of an axis that several measures share."""
    names = {alignment_name(course["measure"]) for course in courses}
    if len(names) == 1:
        return names.pop()
    return "RSA" if all(name.startswith("RSA (") for name in names) else "alignment"


def loss_name(measure: str | None) -> str:
    """A loss as the name of an axis, with its unit."""
    known = _LOSSES.get(measure or "")
    return f"validation loss ({known[0]})" if known else "validation loss"


def loss_in_words(measure: str | None) -> str:
    """What a loss is."""
    known = _LOSSES.get(measure or "")
    return f"Loss: {known[1]}, on validation stimuli." if known else "Loss on validation stimuli."


def place_name(about: Row) -> str:
    """Target, region and layer as one line."""
    region = about.get("region")
    if about["target"] is None:
        return "no alignment was measured"
    parts = [
        str(about["target"]),
        str(region) if region and region != "behaviour" else "",
        str(about["layer"]),
    ]
    return clean(" · ".join(filter(None, parts)))


def over_seeds(rows: Sequence[Row], key: str = "n_seeds") -> str:
    """What intervals of rows generalise to; that there is none where there is one seed.

    Args:
        rows: Each with the number of baseline seeds behind it.
        key: Under which the number stands.
    """
    counts = [int(row[key]) for row in rows if row.get(key)]
    if not counts or max(counts) < 2:
        return ONE_SEED
    return f"intervals: 95 % over {count([n for n in counts if n > 1], 'baseline seeds')}"


def several(dynamics: Row) -> bool:
    """Whether a study has more than one baseline, so that there may be intervals."""
    return len(baselines(dynamics)) > 1


def baselines(dynamics: Row) -> dict[int, Row]:
    """By seed the baseline as the analysis of one seed gives it."""
    found: dict[int, Row] = {}
    for each in dynamics["seeds"]:
        found.setdefault(int(each["seed"]), each["dynamics"]["baseline"])
    return found


def noise(dynamics: Row) -> str:
    """How many noise seeds were averaged within a baseline seed; nothing where there is one."""
    n = len(dynamics["about"]["noise_seeds"])
    return f", each the mean of {n} noise seeds" if n > 1 else ""


def ceiling_row(course: Row) -> Score:
    """A course as a row that bears its ceiling, for what draws ceilings and says them."""
    return Score(
        model="baseline",
        layer=course["layer"],
        target=course["target"],
        region=course["region"],
        measure=course["measure"],
        ceiling_lower=course.get("ceiling_lower"),
        ceiling_upper=course.get("ceiling_upper"),
    )


def chosen_course(dynamics: Row) -> Row | None:
    """The course of the alignment that effects and recovery are about."""
    keys = ("target", "region", "layer", "measure")
    about = dynamics["about"]
    return next((c for c in dynamics["courses"] if all(c[k] == about[k] for k in keys)), None)


def with_interval(value: float, low: float | None, high: float | None, n: int) -> str:
    """A mean over seeds with its interval, or why it has none."""
    if low is None or high is None:
        return number(value) if n < 2 else f"{number(value)} (no interval)"
    return f"{number(value)} [{number(low)}, {number(high)}]"
