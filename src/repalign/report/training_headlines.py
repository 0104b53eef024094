"""The headline numbers of a training study, and what is missing, in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from repalign.data import ResultsDir
from repalign.maths.dynamics import mean_and_sd
from repalign.report.dynamics_axes import ONE_SEED
from repalign.report.labels import count, number
from repalign.report.recipes import Line
from repalign.report.sections import Missing
from repalign.report.training_effects import LEVEL, of_figure
from repalign.report.training_recovery import STATES, followed
from repalign.report.training_words import (
    Row,
    alignment_name,
    baselines,
    loss_in_words,
    loss_name,
    place_name,
)

_GENERAL = (
    "Intervals are 95 %, by Student's t over {n}: they generalise to further seeds of this training, not to "
    "other stimuli, networks or data. An effect is a run minus the baseline of its own seed."
)
MOST_NAMED = 6  # failed runs of one reason that are named


def facts(dynamics: Row) -> list[tuple[str, str]]:
    """How much there is, and the best of the mean baseline: a number, and of what."""
    about, rows = dynamics["about"], dynamics["baseline"]
    n_seeds, n_noise = len(baselines(dynamics)), len(about["noise_seeds"])
    found = [
        (f"{about['n_runs']:,}", "run" if about["n_runs"] == 1 else "runs"),
        (str(n_seeds), "baseline seed" if n_seeds == 1 else "baseline seeds"),
        (str(n_noise), "noise seed" if n_noise == 1 else "noise seeds"),
    ]
    best = _best(rows, "loss", min), _best(rows, "rsa", max)
    if best[0] is not None:
        found.append((number(best[0]["loss_mean"]), f"lowest {loss_name(about['loss'])}"))
    if best[1] is not None:
        found.append((number(best[1]["rsa_mean"]), f"highest {alignment_name(about['measure'])}"))
    return found


def headlines(dynamics: Row) -> list[str]:
    """Sentences: best values with epochs and spread over seeds, ceiling, effects, recovery, intervals."""
    about = dynamics["about"]
    loss = _sentence(dynamics, "loss", loss_name(about["loss"]), min, "min_loss")
    name = f"{alignment_name(about['measure'])} with {place_name(about)}"
    rsa = _sentence(dynamics, "rsa", name, max, "max_rsa")
    n = len(baselines(dynamics))
    general = _GENERAL.format(n=count([n], "baseline seeds")) if n > 1 else f"O{ONE_SEED[1:]}, no interval."
    texts = [
        loss,
        rsa,
        _ceiling(dynamics),
        *_effects(dynamics),
        *_recovery(dynamics),
        _jitter(dynamics),
        general,
    ]
    return [text for text in [*texts, loss_in_words(about["loss"])] if text]


def _best(rows: Sequence[Row], what: str, pick: Callable[..., Row]) -> Row | None:
    known = [row for row in rows if row[f"{what}_mean"] is not None]
    return pick(known, key=lambda row: row[f"{what}_mean"]) if known else None


def _sentence(dynamics: Row, what: str, name: str, pick: Callable[..., Any], key: str) -> str:
    row = _best(dynamics["baseline"], what, pick)
    if row is None:
        return ""
    most = "lowest" if pick is min else "highest"
    runs = [run for run in baselines(dynamics).values() if run[key] is not None]
    value = number(row[f"{what}_mean"])
    if len(runs) < 2:
        return f"{_capital(name)} is {most} at epoch {row['epoch']}: {value}."
    low, high = row[f"{what}_low"], row[f"{what}_high"]
    between = "" if low is None else f" [{number(low)}, {number(high)}]"
    _, sd = mean_and_sd([run[key] for run in runs])
    epochs = sorted(int(run[f"{key}_epoch"]) for run in runs)
    spread = "" if sd is None else f", with a standard deviation of {number(sd)}"
    return (
        f"{_capital(name)}: the mean over {len(runs)} seeds is {most} at epoch {row['epoch']}, "
        f"{value}{between}; single seeds are {most} at epochs {_listed(epochs)}{spread}."
    )


def _listed(epochs: Sequence[int]) -> str:
    return ", ".join(map(str, epochs)) if len(epochs) <= 8 else f"{epochs[0]} to {epochs[-1]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _ceiling(dynamics: Row) -> str:
    ceiling = dynamics["ceiling"] or {"lower": None, "upper": None, "reason": "none was given"}
    lower, upper = ceiling["lower"], ceiling["upper"]
    if lower is None and upper is None:
        return f"No noise ceiling: {ceiling['reason']}."
    ends = [number(end) for end in (lower, upper) if end is not None]
    side = "" if len(ends) == 2 else "lower " if upper is None else "upper "
    return f"The {side}noise ceiling is {' to '.join(ends)}."


def _effects(dynamics: Row) -> list[str]:
    found: list[str] = []
    for figure, name in (("types", "Figure 2a"), ("sweep", "Figure 3")):
        cells = of_figure(dynamics, figure)
        parts: list[str] = []
        for what, said in (("loss", "loss"), ("rsa", "RSA")):
            tested = [cell[f"{what}_p_holm"] for cell in cells if cell[f"{what}_p_holm"] is not None]
            if tested:
                parts.append(f"{said} in {sum(p < LEVEL for p in tested)} of {len(tested)}")
        if parts:
            found.append(
                f"{name}: one perturbed epoch changes {' and '.join(parts)} cells (Holm, {LEVEL:g})."
            )
    return found


def _recovery(dynamics: Row) -> list[str]:
    summary = dynamics["recovery_summary"]
    found: list[str] = []
    if not dynamics["recovery"]:
        return found
    parts = {"loss": summary, "alignment": summary["alignment"]}
    for what, part in ((what, parts[what]) for what in followed(dynamics)):
        n = sum(part[f"n_{state}"] for state in STATES)
        if n:
            median = "not reached" if part["median"] is None else f"{part['median']:g} epochs"
            found.append(
                f"Recovery of {what}: {part['n_recovered']} of {n} runs are back, {part['n_never']} never, "
                f"{part['n_censored']} were not followed to it; the median is {median}."
            )
    return found


def _jitter(dynamics: Row) -> str:
    jitter = dynamics["jitter"]
    parts = [
        f"{number(jitter[key])} in {name}"
        for key, name in (("rsa_sd", "RSA"), ("loss_sd", "loss"))
        if jitter[key] is not None
    ]
    return (
        f"Baselines of different seeds lie apart by a standard deviation of {' and '.join(parts)}."
        if parts
        else ""
    )


def missing(dynamics: Row, results: ResultsDir) -> list[Missing]:
    """What a reader must know, and runs that failed, by reason."""
    found = [Missing("", _capital(str(message)), "") for message in dynamics["messages"]]
    spec = results.known_spec()
    labels = {unit: label for label, unit in spec.get("units", {}).items()}
    by_reason: dict[tuple[str, str], list[str]] = {}
    for unit, failure in results.failures().items():
        if not labels or unit in labels:
            reason = str(failure.get("message", "no message")), str(failure.get("hint", ""))
            by_reason.setdefault(reason, []).append(labels.get(unit, unit))
    for (message, hint), runs in by_reason.items():
        named = "; ".join(sorted(runs)[:MOST_NAMED]) + (
            f"; and {len(runs) - MOST_NAMED} more" * (len(runs) > MOST_NAMED)
        )
        found.append(Missing(f"Failed: {named}", message, hint))
    return found


def settings(spec: Mapping[str, Any]) -> list[Line]:
    """What the study's spec says of itself beside the sweep."""
    about = spec.get("about") or {}
    lines = [
        (str(key), value if isinstance(value, str) else json.dumps(value))
        for key, value in sorted(about.items())
    ]
    probes = spec.get("probes") or []
    return [*lines, *(("probe", json.dumps(probe, sort_keys=True)) for probe in probes)]
