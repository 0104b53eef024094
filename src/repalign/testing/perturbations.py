"""The check-suite of perturbations: what every kind must keep, whatever it disturbs."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.errors import InputError, RepalignError, UnknownNameError
from repalign.seeds import rng
from repalign.training.perturbations import PERTURBATIONS, Change, Kind, Moment, check_options

Array = NDArray[Any]
Settings = Mapping[str, Any]
_BATCH, _HALF, _WIDTH, _CLASSES = 16, 48, 6, 5
_MARGIN = 0.5  # how far from [0, 1] images may lie that are normalised afterwards
_ERRORS = 5.0  # standard errors that a statistic may be away
_SAMPLES = 10  # batches of draws behind a statistic


@dataclass(frozen=True)
class _Case:
    """A change with a made-up training set to try it on.

    The training set holds everything twice, so that another batch has other rows and equal targets.
    """

    what: str
    change: Change
    training: Array
    images: Array | None = None

    def moment(
        self, *, seed: int = 3, epoch: int = 5, batch: int = 0, since: int = 5, n: int = _BATCH
    ) -> Moment:
        rows = rng(0, "check", "rows").permutation(_HALF)[:n] + _HALF * (batch % 2)
        return Moment(epoch, batch, seed, since, self.training.copy(), rows)

    def given(self, at: Moment) -> Array:
        """What is changed, the same in every batch."""
        if self.images is None:
            return at.targets[at.rows]
        return self.images[np.arange(len(at.rows)) % len(self.images)]

    def run(self, how: Settings, **when: int) -> Array:
        at = self.moment(**when)
        return self.change(self.given(at), at, how)


def check_perturbation(kind: Kind, name: str = "") -> list[str]:
    """Check a kind of perturbation on made-up targets and images, under every option it allows.

    Shape and dtype stay, and nothing is changed in place. Equal moments give equal draws, in any process;
    other seeds, epochs and batches give others, unless it draws nothing. Under the option ``fixed`` all
    epochs of a window are alike. Targets may be labels (n,) or numbers (n, width); they become values of the
    training targets, or draws with their mean and standard deviation. Images stay finite float32; those
    that are normalised afterwards lie within 0.5 of [0, 1] under the default options. Every option
    matters. A control changes nothing else.

    Args:
        kind: A registered kind, or one of your own.
        name: Its name; where it is registered under it, unknown options must be refused too.

    Returns:
        What is wrong, in words; empty when all is well.

    Example:
        >>> from repalign.testing import check_perturbation
        >>> from repalign.training import PERTURBATIONS
        >>> check_perturbation(PERTURBATIONS["label_shuffle"], "label_shuffle")
        []
    """
    faults = [*_declaration(kind), *(_refusals(kind, name) if name in PERTURBATIONS else [])]
    cases = _cases(kind)
    broken = [fault for case in cases for how in _all_settings(kind) for fault in _works(case, how)]
    if not broken:  # what cannot be run has no draws to look at
        laws = (_keeps_its_inputs, _draws, _alike_in_any_process, _like_targets, _finite)
        found = [
            f"{case.what}, {_said(how)}{fault}"
            for case, how, law in product(cases, _all_settings(kind), laws)
            for fault in law(case, how)
        ]
        broken = [*found, *_near_unit_range(kind, cases), *_options_matter(kind, cases)]
    faults += dict.fromkeys(broken)
    return [f"{name}: {fault}" if name else fault for fault in faults]


def _cases(kind: Kind) -> list[_Case]:
    draw = rng(0, "check", "perturbation")
    # Not negative, of unequal means by dimension, and far from mean 0 and sd 1.
    numbers = draw.gamma(4.0, 1.5, size=(_HALF, _WIDTH)) * np.linspace(0.7, 1.3, _WIDTH)
    # Of unequal frequency, so that a draw over classes is not one over stimuli; and not 0, 1, 2 ...
    labels = 3 + 2 * draw.choice(_CLASSES, size=_HALF, p=[0.5, 0.2, 0.1, 0.1, 0.1])
    twice = np.tile(numbers, (2, 1)).astype(np.float32)
    found: list[_Case] = []
    if kind.targets is not None:
        found.append(_Case("numbers (n, width)", kind.targets, twice))
        found.append(_Case("labels (n,)", kind.targets, np.tile(labels, 2).astype(np.int64)))
    if kind.images is not None:
        images = draw.random((_BATCH, 3, 8, 8), dtype=np.float32)
        found.append(_Case("images", kind.images, twice, images))
    return found


def _all_settings(kind: Kind) -> list[dict[str, Any]]:
    """Every combination of what is allowed; of free numbers the default."""
    choices = {name: _allowed(default) for name, default in kind.options.items()}
    return [dict(zip(choices, each, strict=True)) for each in product(*choices.values())]


def _allowed(default: Any) -> tuple[Any, ...]:
    if isinstance(default, tuple):
        return default
    return (False, True) if isinstance(default, bool) else (default,)


def _said(how: Settings) -> str:
    return f"{', '.join(f'{name}={value}' for name, value in how.items())}: " if how else ""


def _declaration(kind: Kind) -> list[str]:
    changes = kind.targets is not None or kind.images is not None
    faults = [] if kind.about else ["it does not say what it does"]
    if kind.skips and (changes or not kind.updates):
        faults.append("it skips epochs and changes something else too")
    if not kind.updates and changes:
        faults.append("nothing is learned from what it changes: no weight moves inside its window")
    if not changes and kind.updates and not kind.skips:
        faults.append("it disturbs nothing")
    if kind.normalised and kind.images is None:
        faults.append("it says that it acts after normalisation, and changes no images")
    for name, default in kind.options.items():
        if isinstance(default, tuple):
            if not default or len(set(default)) < len(default):
                faults.append(f"option {name} allows {default}: name each value once")
        elif not isinstance(default, bool | int | float):
            faults.append(f"option {name} is {default!r}: no value of it can be given")
    return faults


def _refusals(kind: Kind, name: str) -> list[str]:
    if PERTURBATIONS[name] is not kind:
        return ["another kind is registered under this name"]
    faults: list[str] = []
    for how in _all_settings(kind):
        try:
            check_options(name, how)
        except RepalignError as error:
            faults.append(f"{_said(how)}refused: {error.message}")
    wrong = [{"no such option": 1}, *({option: "no such value"} for option in kind.options)]
    for how in wrong:
        try:
            check_options(name, how)
        except (UnknownNameError, InputError):
            continue
        faults.append(f"{_said(how)}not refused")
    return faults


def _works(case: _Case, how: Settings) -> list[str]:
    """It runs, on a whole batch and on a last one of one stimulus, and gives as much as it was given."""
    for n in (_BATCH, 1):
        at = case.moment(n=n)
        given = case.given(at)
        try:
            found = case.change(given, at, how)
        except Exception as error:  # whatever a kind of the user's own may raise
            return [f"{case.what}, {_said(how)}{type(error).__name__}: {error}"]
        if not isinstance(found, np.ndarray) or (found.shape, found.dtype) != (given.shape, given.dtype):
            shape, dtype = np.shape(found), getattr(found, "dtype", type(found).__name__)
            return [
                f"{case.what}, {_said(how)}shape {given.shape} and {given.dtype} become {shape} and {dtype}"
            ]
    return []


def _keeps_its_inputs(case: _Case, how: Settings) -> list[str]:
    at = case.moment()
    held = (case.given(at).copy(), at.targets, at.rows)
    before = [each.copy() for each in held]
    case.change(held[0], at, how)
    names = ("what it is given", "the training targets", "the rows")
    return [
        f"it changes {name} in place"
        for name, now, then in zip(names, held, before, strict=True)
        if not np.array_equal(now, then)
    ]


def _draws(case: _Case, how: Settings) -> list[str]:
    if not np.array_equal(case.run(how), case.run(how)):
        return ["equal moments give different draws"]
    if _draws_nothing(case, how):
        return []
    fixed = how.get("fixed", _same_in_a_window(case, how))
    if fixed and not _same_in_a_window(case, how):
        return ["fixed, and another draw in the next epoch of the window"]
    # Fixed draws belong to the window. Sums of seed, epoch and batch are met more than once among these.
    time: list[dict[str, int]] = [{"since": e, "epoch": 6} if fixed else {"epoch": e} for e in (5, 6)]
    keys = [{"seed": s, "batch": b, **t} for s, b, t in product((3, 4), (0, 1), time)]
    found = [case.run(how, **key) for key in keys]
    for i, one in enumerate(found):
        for j in range(i):
            if np.array_equal(one, found[j]):
                return [f"{_key(keys[j])} and {_key(keys[i])} give the same draw"]
    return []


def _key(key: Mapping[str, int]) -> str:
    when = f"window {key['since']}" if "since" in key else f"epoch {key['epoch']}"
    return f"seed {key['seed']}, {when}, batch {key['batch']}"


def _same_in_a_window(case: _Case, how: Settings) -> bool:
    return np.array_equal(case.run(how, epoch=5), case.run(how, epoch=6))


def _draws_nothing(case: _Case, how: Settings) -> bool:
    """Whether each stimulus becomes the same whenever and wherever in a batch it comes.

    A draw that ignores seed and moment is still told from this: it belongs to places in the batch.
    """
    one = case.run(how)
    moved = case.run(how, seed=4, epoch=6, since=6, batch=1)
    if not np.array_equal(one, moved):
        return False
    at = case.moment()
    order = rng(0, "check", "order").permutation(len(at.rows))
    turned = Moment(at.epoch, at.batch, at.seed, at.since, at.targets, at.rows[order])
    return np.array_equal(case.change(case.given(at)[order], turned, how), one[order])


def _alike_in_any_process(case: _Case, how: Settings) -> list[str]:
    """The whole batch is drawn by every process, which then takes its rows."""
    alone = case.run(how)
    for rank in (0, 1):
        with _as_process(rank, 2):
            case.run(how, batch=2 + rank)  # processes need not make the same draws before
            if not np.array_equal(alone, case.run(how)):
                return ["the draw depends on which of several processes makes it"]
    return []


@contextmanager
def _as_process(rank: int, size: int) -> Generator[None]:
    names = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": size}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update({name: str(value) for name, value in names.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _like_targets(case: _Case, how: Settings) -> list[str]:
    """New targets are old ones, or have their mean and standard deviation; labels also their frequency."""
    if case.images is not None:
        return []
    found = np.concatenate([case.run(how, seed=s, n=_HALF).ravel() for s in range(_SAMPLES)])
    known = case.training.ravel()
    if not np.isfinite(found).all():
        return ["targets are NaN or infinite"]
    if case.training.ndim == 1:
        return _like_labels(found, known)
    if np.isin(found, known).all():
        return []
    n, mean, sd = found.size, known.mean(), known.std()
    for what, value, expected, error in (
        ("mean", found.mean(), mean, sd / np.sqrt(n)),
        ("standard deviation", found.std(), sd, sd / np.sqrt(2 * n)),
    ):
        if abs(value - expected) > _ERRORS * error:
            return [f"new values, and their {what} is {value:.3g}; that of the targets is {expected:.3g}"]
    return []


def _like_labels(found: Array, known: Array) -> list[str]:
    strange = np.setdiff1d(found, known)
    if len(strange):
        return [f"label {strange[0]} is none of the training set's"]
    for label in np.unique(known):
        share, expected = float(np.mean(found == label)), float(np.mean(known == label))
        if abs(share - expected) > _ERRORS * np.sqrt(expected * (1 - expected) / found.size):
            return [f"label {label} comes in {share:.2f} of the draws and in {expected:.2f} of the targets"]
    return []


def _finite(case: _Case, how: Settings) -> list[str]:
    if case.images is None or np.isfinite(case.run(how)).all():
        return []
    return ["images become NaN or infinite"]


def _near_unit_range(kind: Kind, cases: list[_Case]) -> list[str]:
    if kind.normalised:
        return []
    for case in (case for case in cases if case.images is not None):
        found = case.run(kind.settings({}))
        low, high = float(found.min()), float(found.max())
        if low < -_MARGIN or high > 1 + _MARGIN:
            return [
                f"images in [0, 1] become {low:.2f} to {high:.2f}, further than {_MARGIN} outside, and are "
                "normalised afterwards"
            ]
    return []


def _options_matter(kind: Kind, cases: list[_Case]) -> list[str]:
    """Any two values of an option differ in what they do, under some setting of the others."""
    faults: list[str] = []
    for name, default in kind.options.items():
        values = _tried(default)
        alike = [
            (one, other)
            for one, other in combinations(values, 2)
            if cases and not any(_differ(case, kind, name, one, other) for case in cases)
        ]
        faults += [f"{name}={one} and {name}={other} do the same" for one, other in alike]
    return faults


def _tried(default: Any) -> tuple[Any, ...]:
    if isinstance(default, bool) or not isinstance(default, int | float):
        return _allowed(default)
    return (default, default + 1 if isinstance(default, int) else 0.75 * default + 0.01)


def _differ(case: _Case, kind: Kind, name: str, one: Any, other: Any) -> bool:
    return any(
        not np.array_equal(case.run({**how, name: one}, epoch=6), case.run({**how, name: other}, epoch=6))
        for how in _all_settings(kind)
    )
