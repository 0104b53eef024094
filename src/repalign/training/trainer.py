"""The trainer: a run is a spec and a folder; killed at any instant and begun again, it ends the same."""

from __future__ import annotations

import csv
import io
import json
import math
import platform
from collections.abc import Callable, Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from repalign.benchmarks import code_version
from repalign.data import Score, ScoreTable, remove_partials, write_bytes
from repalign.errors import DegenerateError, IdentityError, InputError
from repalign.seeds import rng
from repalign.training.log import LOG, Log
from repalign.training.measuring import inherited, measured, scores_file
from repalign.training.parallel import Crew, crew
from repalign.training.problem import Problem
from repalign.training.run_spec import RunSpec
from repalign.training.state import State, epoch_of, load_state, save_state
from repalign.training.steps import Bench, train_epoch

LAST = "state.safetensors"
COLUMNS = ("epoch", "train_loss", "validation_loss", "rate", "perturbed")
OnEpoch = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Run:
    """A run in a folder.

    There are ``spec.json``, ``environment.json``, ``split.json``, ``log.txt``, ``metrics.csv``, ``scores/``,
    ``snapshots/`` and the last state.

    Args:
        folder: Where it lies.
        spec: What was asked for.
        state: Of the last epoch, with the history.
    """

    folder: Path
    spec: RunSpec
    state: State

    def snapshot(self, epoch: int) -> Path:
        """The file of a kept state."""
        return snapshot(self.folder, epoch)

    def scores(self) -> ScoreTable:
        """Rows of all probes, with their epochs."""
        return ScoreTable.from_parquet(*sorted((self.folder / "scores").glob("epoch-*.parquet")))


def snapshot(folder: Path, epoch: int) -> Path:
    """Where the state after an epoch is kept, if it is."""
    return folder / "snapshots" / f"epoch-{epoch:04d}.safetensors"


def train(
    problem: Problem,
    spec: RunSpec,
    folder: Path | str,
    *,
    start: Path | None = None,
    keep: Collection[int] | str = (),
    device: str = "cpu",
    on_epoch: OnEpoch | None = None,
) -> Run:
    """Train until the last epoch or early stopping; go on where an earlier call ended.

    Args:
        problem: What is trained upon what; its spec is the spec's ``problem``.
        spec: How.
        folder: Of this run alone.
        start: A kept state from which the run begins instead of epoch 0: of any run whose path up to
            there is the same (a baseline before the window, a shorter window within it).
        keep: Epochs whose state is kept as a snapshot, 0 among them if asked for; ``"all"``.
        device: ``cpu`` or ``cuda``. Under ``torchrun`` all processes call this with the same arguments.
        on_epoch: Called after each epoch with its row of the history.

    Returns:
        The run, finished.

    Raises:
        IdentityError: The folder or ``start`` holds another run, or the problem is not the spec's.
        InputError: The loss does not suit the targets, nothing is trained, or there is no such device.
        DegenerateError: The loss is NaN; what was done before is kept.
        StorageError: The folder cannot be written.
    """
    if dict(problem.spec) != spec.problem:
        raise IdentityError(
            "the problem is not the one of the spec", hint="RunSpec(problem=problem.spec, ...)"
        )
    if spec.loss == "mse" and problem.train.targets.ndim == 1:
        raise InputError(
            "labels are classes, and the mean squared error of their numbers means nothing",
            hint="Say loss = 'cross-entropy', or give numbers (n, width) as targets.",
        )
    place = Path(folder)
    with crew() as together, _deterministic():
        bench = _bench(problem, spec, device, together)
        state = _begin(place, bench, problem, start, keep)
        log = Log(place / LOG if together.leads else None)
        log.say(f"begins at epoch {state.epoch}" if not state.stopped else "was over")
        while not state.stopped:
            _epoch(place, bench, problem, state, keep)
            log.epoch(state.history[-1])
            if on_epoch is not None and together.leads:
                on_epoch(state.history[-1])
        log.say(f"over: {state.stopped}")
        return Run(place, spec, state)


def network_at(problem: Problem, spec: RunSpec, path: Path) -> nn.Module:
    """The network of a run as it was when a state was kept.

    Args:
        problem: The run's.
        spec: The run's.
        path: A snapshot of the run, or its last state.

    Raises:
        FileError: Missing or damaged.
        IdentityError: A state of another run.
    """
    bench = _bench(problem, spec, "cpu", Crew())  # alone, whatever other processes do
    load_state(path, bench.module, bench.optimiser, spec.path_to)
    return bench.module


def _bench(problem: Problem, spec: RunSpec, device: str, together: Crew) -> Bench:
    where = torch.device(device)
    if where.type == "cuda" and not torch.cuda.is_available():
        raise InputError("there is no CUDA device here", hint="Use device='cpu'.")
    if where.type == "cuda":
        where = torch.device("cuda", together.rank % torch.cuda.device_count())
    with torch.random.fork_rng(devices=[]):
        module = problem.build(int(rng(spec.seed, "training", "weights").integers(2**31))).to(where)
    trained = [p for p in module.parameters() if p.requires_grad]
    if not trained:
        raise InputError(
            "no weight of the network requires a gradient", hint="Attach adapters, or unfreeze some."
        )
    scaler = torch.amp.GradScaler(where.type, enabled=spec.precision == "float16" and where.type == "cuda")
    return Bench(spec, module, _optimiser(spec, trained), scaler, where, together)


def _optimiser(spec: RunSpec, trained: list[torch.nn.Parameter]) -> torch.optim.Optimizer:
    how = spec.optimiser
    if how.kind == "sgd":
        return torch.optim.SGD(trained, lr=how.rate, momentum=how.momentum, weight_decay=how.weight_decay)
    return torch.optim.AdamW(trained, lr=how.rate, betas=how.betas, weight_decay=how.weight_decay)


def _begin(
    place: Path, bench: Bench, problem: Problem, start: Path | None, keep: Collection[int] | str
) -> State:
    """The state to go on from: of this folder, of ``start``, or of epoch 0."""
    spec = bench.spec
    if bench.crew.leads:
        _claim(place, spec, problem)
    bench.crew.wait()
    found = _latest(place, start, keep)
    if found is not None:
        if start is not None and bench.crew.leads:
            inherited(spec, start, epoch_of(start), place)
        return _going_on(load_state(found, bench.module, bench.optimiser, spec.path_to), spec)
    state = State()
    row, scores = measured(bench, problem, state, train_loss=None)
    state.history.append(row)
    _save(place, bench, state, scores, keep)
    return state


def _latest(place: Path, start: Path | None, keep: Collection[int] | str) -> Path | None:
    """The state nearest to the end from which nothing that is to be kept is left out; None for epoch 0."""
    last = place / LAST
    if not last.exists():
        return start
    reached = epoch_of(last)
    wanted = range(reached + 1) if isinstance(keep, str) else [e for e in keep if e <= reached]
    first = epoch_of(start) if start is not None else 0
    own = [e for e in wanted if start is None or e > first]
    missing = [e for e in own if not snapshot(place, e).exists()]
    if not missing:
        return last
    # A finished run is asked for states that were not kept: the epochs up to them are trained again.
    before = [e for e in range(min(missing)) if snapshot(place, e).exists()]
    return snapshot(place, before[-1]) if before else start


def _going_on(state: State, spec: RunSpec) -> State:
    """A state of a run that was to be shorter, or to stop elsewhere, asked again whether it is over."""
    state.stopped = _over(state, spec)
    return state


def _epoch(place: Path, bench: Bench, problem: Problem, state: State, keep: Collection[int] | str) -> None:
    epoch = state.epoch + 1
    loss = train_epoch(bench, problem.train, epoch)
    if not math.isfinite(loss):
        raise DegenerateError(
            f"the training loss is {loss} in epoch {epoch}",
            hint=f"Epochs 0 to {state.epoch} are kept in {place}. Lower the rate, or clip gradients.",
        )
    state.epoch = epoch
    row, scores = measured(bench, problem, state, train_loss=loss)
    if not math.isfinite(row["validation_loss"]):
        raise DegenerateError(f"the validation loss is {row['validation_loss']} in epoch {epoch}")
    _count(state, bench.spec, row["validation_loss"])
    state.history.append(row)
    state.stopped = _over(state, bench.spec)
    _save(place, bench, state, scores, keep)


def _count(state: State, spec: RunSpec, loss: float) -> None:
    """Early stopping; inside a window the counter stands still."""
    if spec.perturbation is not None and spec.perturbation.covers(state.epoch):
        return
    if state.best is None or loss < state.best:
        state.best, state.waited = loss, 0
    else:
        state.waited += 1


def _over(state: State, spec: RunSpec) -> str:
    if state.epoch >= spec.last_epoch:
        return f"{spec.last_epoch} epochs"
    if spec.patience is not None and state.waited >= spec.patience:
        window = spec.perturbation
        if window is None or not window.first <= state.epoch + 1 <= window.last:
            return f"no lower validation loss for {state.waited} epochs"
    return ""


def _save(place: Path, bench: Bench, state: State, scores: list[Score], keep: Collection[int] | str) -> None:
    if bench.crew.leads:
        ScoreTable(scores).to_parquet(scores_file(place, state.epoch))
        written = state, bench.module, bench.optimiser, bench.spec.path_to(state.epoch)
        if isinstance(keep, str) or state.epoch in keep:
            save_state(snapshot(place, state.epoch), *written)
        write_bytes(place / "metrics.csv", _csv(state.history))
        save_state(place / LAST, *written)  # last: what is in it has happened
    bench.crew.wait()


def _csv(history: list[dict[str, Any]]) -> bytes:
    others = sorted({name for row in history for name in row} - set(COLUMNS))
    columns = [*COLUMNS, *others]
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue().encode()


def _claim(place: Path, spec: RunSpec, problem: Problem) -> None:
    """Make the folder this run's, or find that it is another's."""
    file = place / "spec.json"
    content = spec.model_dump(mode="json")
    if file.exists() and json.loads(file.read_text(encoding="utf-8")) != content:
        raise IdentityError(f"{place} holds another run", hint="Name another folder, or remove that one.")
    for folder in (place, place / "scores", place / "snapshots"):
        folder.mkdir(parents=True, exist_ok=True)
        remove_partials(folder)
    split = {"train": problem.train.ids, "validation": problem.validation.ids}
    environment = {
        "repalign": code_version(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "system": platform.system(),
    }
    environment["threads"] = str(torch.get_num_threads())
    for name, what in (("spec", content), ("split", split), ("environment", environment)):
        write_bytes(place / f"{name}.json", json.dumps(what, indent=1, sort_keys=True).encode())


@contextmanager
def _deterministic() -> Generator[None]:
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
