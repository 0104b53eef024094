"""Sweeps: baselines, single epochs, and grids of windows, planned so that no epoch is trained twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from repalign.data import digest_spec
from repalign.training.perturbations import PERTURBATIONS
from repalign.training.run_spec import Perturbation, RunSpec

_FROZEN = ConfigDict(extra="forbid", frozen=True)
_RANGE = re.compile(r"(\d+)\.\.(\d+)(?:\.\.(\d+))?")
Figure = Literal["types", "sweep", "lengths"]


class Windows(BaseModel):
    """Windows of perturbation: every kind at every start for every length.

    Args:
        kinds: Of :data:`PERTURBATIONS`.
        starts: First epochs, counted from 1.
        lengths: In epochs.
        follow: Epochs to train after the window; None to the end.
        options: By kind.
        figure: Where the runs are drawn: ``types`` (2: kinds beside one another), ``sweep`` (3: epoch by
            epoch) or ``lengths`` (4: recovery). By default ``sweep`` where every length is 1.

    Starts and lengths may be written ``"1..98"`` or ``"1..98..5"``.
    """

    model_config = _FROZEN

    kinds: tuple[str, ...] = Field(min_length=1)
    starts: tuple[int, ...] = Field(min_length=1)
    lengths: tuple[int, ...] = (1,)
    follow: int | None = Field(default=None, ge=0)
    options: dict[str, dict[str, Any]] = Field(default_factory=dict)
    figure: Figure | None = None

    @field_validator("starts", "lengths", mode="before")
    @classmethod
    def _written_as_range(cls, given: Any) -> Any:
        found = _RANGE.fullmatch(given) if isinstance(given, str) else None
        if found is None:
            return given
        first, last, step = int(found[1]), int(found[2]), int(found[3] or 1)
        return tuple(range(first, last + 1, max(step, 1)))

    @property
    def drawn_as(self) -> Figure:
        """Where its runs are drawn."""
        return self.figure or ("sweep" if set(self.lengths) == {1} else "lengths")


class Sweep(BaseModel):
    """A study of training.

    Args:
        baseline: The run that is perturbed; its own seed is replaced by each of ``seeds``.
        seeds: Of the baseline.
        noise_seeds: Of the perturbation.
        windows: What is perturbed when.
    """

    model_config = _FROZEN

    baseline: RunSpec
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    noise_seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    windows: tuple[Windows, ...] = ()

    @model_validator(mode="after")
    def _starts_clean(self) -> Sweep:
        if self.baseline.perturbation is not None:
            raise ValueError("the baseline of a sweep is not perturbed")
        return self


@dataclass
class Planned:
    """A run of a sweep.

    Args:
        spec: What is trained.
        start: The run and the epoch from whose state it begins; None for epoch 0.
        keep: Epochs whose state later runs begin from.
        figures: Where it is drawn; empty for a baseline, which is drawn everywhere.
    """

    spec: RunSpec
    start: tuple[str, int] | None = None
    keep: set[int] = field(default_factory=set)
    figures: set[Figure] = field(default_factory=set)

    @property
    def epochs(self) -> int:
        """How many epochs it trains itself, early stopping aside."""
        return self.spec.last_epoch - (self.start[1] if self.start else 0)


def expand(sweep: Sweep) -> list[list[Planned]]:
    """The runs of a sweep in stages; each begins from states of earlier ones, so that prefixes are shared.

    A baseline comes first. Of one kind and start the shortest window begins from the baseline, each longer
    one, or one that is followed longer, from the last epoch of the shorter one's window. A run that several
    windows ask for comes once.

    Args:
        sweep: What is asked for.

    Returns:
        Stages, which follow one another; the runs of a stage do not depend on each other.
    """
    stages: list[list[Planned]] = [[]]
    for seed in sweep.seeds:
        base = Planned(sweep.baseline.model_copy(update={"seed": seed}))
        stages[0].append(base)
        for chain in _chains(sweep, base.spec):
            before, epoch, depth = base, chain[0].first - 1, 0
            for link in chain:
                link.run.start = before.spec.digest, epoch
                before.keep.add(epoch)
                if len(stages) <= depth + 1:
                    stages.append([])
                stages[depth + 1].append(link.run)
                if link.shares and link.last > epoch:  # else the run before holds that state already
                    before, epoch, depth = link.run, link.last, depth + 1
    return stages


@dataclass(frozen=True)
class _Link:
    run: Planned

    @property
    def _window(self) -> Perturbation:
        window = self.run.spec.perturbation
        assert window is not None
        return window

    @property
    def first(self) -> int:
        return self._window.first

    @property
    def last(self) -> int:
        return self._window.last

    @property
    def shares(self) -> bool:
        return not PERTURBATIONS[self._window.kind].skips


def _chains(sweep: Sweep, base: RunSpec) -> Iterator[list[_Link]]:
    """Runs that disturb alike from one epoch on, whichever windows ask for them, by length; each once."""
    chains: dict[str, dict[str, _Link]] = {}
    for windows in sweep.windows:
        for kind, first, noise in product(windows.kinds, sorted(set(windows.starts)), sweep.noise_seeds):
            options = windows.options.get(kind, {})
            alike = digest_spec([kind, first, noise, options])
            for length in sorted(set(windows.lengths)):
                window = Perturbation(kind=kind, first=first, length=length, options=options)
                more = {"perturbation": window, "noise_seed": noise, "follow": windows.follow}
                spec = RunSpec(**{**base.model_dump(), **more})
                link = chains.setdefault(alike, {}).setdefault(spec.digest, _Link(Planned(spec)))
                link.run.figures.add(windows.drawn_as)
    for links in chains.values():
        yield sorted(links.values(), key=lambda link: (link.last, link.run.spec.last_epoch))


def epochs_to_train(stages: Sequence[Sequence[Planned]]) -> tuple[int, int]:
    """Epochs that a sweep trains, and those it would train if no prefix were shared.

    Args:
        stages: From :func:`expand`.

    Returns:
        Both numbers, early stopping aside.
    """
    planned = [each for stage in stages for each in stage]
    return sum(each.epochs for each in planned), sum(each.spec.last_epoch for each in planned)


def label(spec: RunSpec) -> str:
    """A run in a few words, unlike those of every other run of its sweep."""
    window = spec.perturbation
    if window is None:
        return f"baseline, seed {spec.seed}"
    epochs = f"epoch {window.first}" if window.length == 1 else f"epochs {window.first} to {window.last}"
    more = [f"{name}={value}" for name, value in sorted(window.options.items())]
    more += [] if spec.follow is None else [f"{spec.follow} epochs after it"]
    kind = f"{window.kind} ({', '.join(more)})" if more else window.kind
    return f"{kind} in {epochs}, seed {spec.seed}, noise {spec.noise_seed}"
