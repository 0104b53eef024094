"""A training study as its folder lies on disk, with numbers that are known in closed form; no torch.

Two seeds differ by an offset of their own and a little noise, kinds by the size of their effect, and an
effect halves with every epoch after its window.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from repalign.data import ResultsDir, Score, ScoreTable, digest_spec
from repalign.seeds import rng
from repalign.training.run_spec import RunSpec
from repalign.training.sweep import Sweep, Windows, expand, label

TARGETS = ("made/up", "made/up-within")
MEASURES = ("rsa-correlation-spearman", "rsa-correlation-rho-a")
LAYERS = ("output", "layer3")
BRAIN, REGION = "made/brain", "V1"
DIMENSIONS = ("animal", "metal", "food")
KINDS = ("target_noise", "label_shuffle", "image_noise", "blank_image")
CEILINGS = {"made/up": (0.8, 0.86), "made/up-within": (0.55, 0.63)}
#: What a kind adds to loss and to RSA in its window.
EFFECTS = {
    "target_noise": (12.0, 0.06),
    "label_shuffle": (30.0, -0.12),
    "image_noise": (4.0, -0.03),
    "blank_image": (20.0, -0.2),
    "frozen_epoch": (1.0, -0.01),
}


def jitter(*words: str | int) -> float:
    """A number from a standard normal distribution that is the same for the same words."""
    return float(rng(0, "made-up-study", *words).standard_normal())


def baseline_loss(epoch: int, seed: int) -> float:
    """Falls to about 40."""
    return (
        40 + 60 * float(np.exp(-epoch / 4)) + 0.4 * jitter("loss", seed) + 0.1 * jitter("loss", seed, epoch)
    )


def baseline_rsa(epoch: int, seed: int, *, target: str = TARGETS[0], layer: str = "output") -> float:
    """Rises, fastest at epochs 3 and 4."""
    height = {TARGETS[0]: 0.7, TARGETS[1]: 0.4}.get(target, 0.3) * (1 if layer == "output" else 0.6)
    course = 0.05 + height / (1 + float(np.exp(3.5 - epoch)))
    return course + 0.01 * jitter("rsa", seed, target) + 0.004 * jitter("rsa", seed, target, layer, epoch)


def effect(kind: str, start: int, length: int, seed: int, noise_seed: int, epoch: int) -> tuple[float, float]:
    """What a run's loss and RSA are above those of the baseline of its seed."""
    loss, rsa = EFFECTS[kind]
    fading = float(np.exp(-start / 20))
    after = 0.5 ** max(0, epoch - (start + length - 1))
    # Longer windows continue shorter ones: the length is no part of what the first epoch does.
    by_seed = [jitter(what, kind, start, seed) for what in ("loss", "rsa")]
    by_noise = [jitter(what, kind, start, seed, noise_seed) for what in ("loss", "rsa")]
    loss = loss * fading + 0.8 * by_seed[0] + 0.3 * by_noise[0]
    rsa = rsa * fading + 0.01 * by_seed[1] + 0.004 * by_noise[1]
    return loss * after, rsa * after


def made_up_sweep(
    *,
    seeds: tuple[int, ...] = (0, 1, 2),
    noise_seeds: tuple[int, ...] = (0,),
    epochs: int = 12,
    starts: tuple[int, ...] = (2, 4, 6, 8, 10),
    grid: tuple[tuple[int, ...], tuple[int, ...]] = ((2, 5), (2, 4)),
    follow: int | None = None,
    windows: tuple[Windows, ...] | None = None,
    problem: dict[str, Any] | None = None,
) -> Sweep:
    """Four kinds at every start, two of the starts also to compare kinds, with a control; start x length."""
    base = RunSpec(problem={"maker": "made:up", **(problem or {})}, epochs=epochs, patience=None)
    single = Windows(kinds=KINDS, starts=starts, follow=0)
    kinds = Windows(kinds=KINDS, starts=starts[1:4:2], follow=0, figure="types")
    control = Windows(kinds=("frozen_epoch",), starts=starts[1:2], follow=0, figure="types")
    lengths = Windows(kinds=("target_noise",), starts=grid[0], lengths=grid[1], follow=follow)
    chosen = (single, kinds, control, lengths) if windows is None else windows
    return Sweep(baseline=base, seeds=seeds, noise_seeds=noise_seeds, windows=chosen)


def write_study(
    folder: Path | str,
    *,
    seeds: tuple[int, ...] = (0, 1, 2),
    noise_seeds: tuple[int, ...] = (0,),
    epochs: int = 12,
    leave_out: Any = lambda spec: False,
    last: Any = lambda spec: spec.last_epoch,
    change: Any = lambda row: row,
    **more: Any,
) -> ResultsDir:
    """Write the folder.

    Args:
        folder: Where.
        seeds: Of the baseline.
        noise_seeds: Of the perturbation.
        epochs: Of every run.
        leave_out: From a RunSpec to whether its run is not there yet.
        last: From a RunSpec to the last epoch of its record.
        change: From a row to what is written in its place; None for nothing.
        more: For :func:`made_up_sweep`.
    """
    sweep = made_up_sweep(seeds=seeds, noise_seeds=noise_seeds, epochs=epochs, **more)
    results = ResultsDir(folder)
    results.scores_dir.mkdir(parents=True, exist_ok=True)
    units, recipes = {}, {}
    for planned in (each for stage in expand(sweep) for each in stage):
        spec = planned.spec
        recipe = {"run": spec.model_dump(mode="json"), "start": planned.start, "keep": sorted(planned.keep)}
        unit = units[label(spec)] = digest_spec(recipe)
        recipes[unit] = recipe
        if not leave_out(spec):
            rows = [change(row) for row in rows_of(spec, last(spec))]
            table = ScoreTable(row for row in rows if row is not None)
            table.to_parquet(results.scores_dir / f"{unit}.parquet")
    results.write_spec({"training": _training(sweep), "units": units, "recipes": recipes})
    return results


def _training(sweep: Sweep) -> dict[str, Any]:
    return {
        "title": "A made-up study",
        "figures": [windows.drawn_as for windows in sweep.windows],
        "sweep": sweep.model_dump(mode="json"),
        "probes": [{"benchmark": target, "measures": list(MEASURES)} for target in (*TARGETS, BRAIN)],
        "about": {"network": "made up"},
    }


def rows_of(spec: RunSpec, last: int) -> list[Score]:
    """The rows of one run."""
    window = spec.perturbation
    rows = []
    for epoch in range(0 if window is None else window.first, last + 1):
        loss, rsa = 0.0, 0.0
        if window is not None:
            place = (window.kind, window.first, window.length)
            loss, rsa = effect(*place, spec.seed, spec.noise_seed, epoch)
        rows += _losses(spec, epoch, loss) + _alignment(spec, epoch, rsa)
        rows += _explained(spec, epoch) if window is None else []
    return rows


def _row(spec: RunSpec, epoch: int, **cells: Any) -> Score:
    window = spec.perturbation
    where = {} if window is None else {"window_start": window.first, "window_length": window.length}
    return Score(
        model=f"run/{spec.digest[:12]}@{epoch}",
        epoch=epoch,
        run=spec.digest,
        seed=spec.seed,
        perturbation=window.kind if window else None,
        **where,
        **cells,
    )


def _losses(spec: RunSpec, epoch: int, above: float) -> list[Score]:
    value = baseline_loss(epoch, spec.seed) + above
    rows = [_row(spec, epoch, target="validation", measure="loss-mse", value=value)]
    if epoch:
        rows.append(_row(spec, epoch, target="train", measure="loss-mse", value=value - 1))
    return rows


def _alignment(spec: RunSpec, epoch: int, above: float) -> list[Score]:
    rows = []
    for target in TARGETS:
        for layer in LAYERS:
            for i, measure in enumerate(MEASURES):
                value = baseline_rsa(epoch, spec.seed, target=target, layer=layer) + above - 0.01 * i
                cells = {"target": target, "region": "behaviour", "layer": layer, "measure": measure}
                rows.append(_row(spec, epoch, **cells, value=value, **_tested(spec, epoch, target, value)))
    for i, measure in enumerate(MEASURES):
        value = baseline_rsa(epoch, spec.seed, target=BRAIN) + above - 0.01 * i
        cells = {"target": BRAIN, "region": REGION, "layer": "output", "measure": measure}
        rows.append(_row(spec, epoch, **cells, value=value, reason="one subject: no ceiling"))
    return rows


def _tested(spec: RunSpec, epoch: int, target: str, value: float) -> dict[str, Any]:
    """Ceilings always; an interval over stimuli and a p at every fifth epoch of a baseline."""
    lower, upper = CEILINGS[target]
    found: dict[str, Any] = {"ceiling_lower": lower, "ceiling_upper": upper, "n_stimuli": 48}
    if spec.perturbation is None and epoch % 5 == 0:
        found |= {"ci_low": value - 0.05, "ci_high": value + 0.05, "p": 0.001}
    return found | {"reason": "interval: generalises to stimuli; ceiling: by splitting annotators"}


def _explained(spec: RunSpec, epoch: int) -> list[Score]:
    """Dimensions are learned one after another; the last one never."""
    found = []
    for i, dimension in enumerate(DIMENSIONS):
        value = -0.1 if i == 2 else 0.8 / (1 + float(np.exp(1.5 + 2 * i - epoch)))
        cells = {"target": "validation", "region": dimension, "layer": "output", "measure": "r2"}
        found.append(_row(spec, epoch, **cells, value=value + 0.001 * jitter("r2", spec.seed, epoch, i)))
    return found
