"""The laws behind the check of problems, which need torch."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from repalign.data import canonical_json
from repalign.errors import RepalignError
from repalign.seeds import rng
from repalign.training.problem import ImageChange, Part, Problem

Array = NDArray[Any]
_BATCH = 16  # stimuli that are shown
_RATE = 1e-3  # of the step that adapters which begin at zero need before all of them have a gradient
_TOLERANCE = 1e-4  # between a network and its second half behind a cut, relative to the largest output


def faults(problem: Problem, *, same_start: bool) -> list[str]:
    """What is wrong with a problem, in words.

    Args:
        problem: What is to be trained upon what.
        same_start: Whether seeds are to begin alike.
    """
    found = [*_spec(problem), *_stimuli(problem), *_targets(problem)]
    if found:  # batches and losses of such stimuli mean nothing
        return found
    with torch.random.fork_rng(devices=[]):
        net = _built(problem, 0)
        found += _building(problem, net, same_start)
        found += [f"{name}: {fault}" for name, part in _parts(problem) for fault in _inputs(part)]
        found = found or [*_outputs(net, problem), *_readings(net, problem)]
        return found or [*_images(net, problem), *_gradients(net, problem)]


def _parts(problem: Problem) -> list[tuple[str, Part]]:
    probes = [(f"probe {each.name}", each.part) for each in problem.probes]
    return [("train", problem.train), ("validation", problem.validation), *probes]


def _spec(problem: Problem) -> list[str]:
    spec = dict(problem.spec)
    try:
        again = json.loads(canonical_json(spec))
    except (RepalignError, TypeError, ValueError) as error:
        return [f"its spec is not plain JSON: {getattr(error, 'message', error)}"]
    return [] if again == spec else ["its spec is another after a way through JSON: write lists and strings"]


def _stimuli(problem: Problem) -> list[str]:
    found: list[str] = []
    trained = set(problem.train.ids)
    for name, part in _parts(problem):
        if not part.ids:
            found.append(f"{name} has no stimuli")
        if len(set(part.ids)) < len(part.ids):
            twice = next(each for each in part.ids if part.ids.count(each) > 1)
            found.append(f"{name}: stimulus {twice!r} comes twice")
        shared = trained & set(part.ids)
        if part is not problem.train and shared:
            found.append(f"{name} shares {len(shared)} stimuli with train, {min(shared)!r} among them")
    return found


def _targets(problem: Problem) -> list[str]:
    train, validation = (np.asarray(part.targets) for part in (problem.train, problem.validation))
    found: list[str] = []
    for name, targets, part in (
        ("train", train, problem.train),
        ("validation", validation, problem.validation),
    ):
        if len(targets) != len(part.ids):
            found.append(f"{name} has {len(targets)} targets for {len(part.ids)} stimuli")
        if not np.isfinite(targets).all():
            found.append(f"{name} has targets that are NaN or infinite")
        elif targets.ndim == 1 and (targets.dtype.kind not in "iu" or targets.min(initial=0) < 0):
            found.append(f"{name} has targets (n,) that are no labels: whole numbers from 0")
    if train.shape[1:] != validation.shape[1:]:
        found.append(f"targets of train are {train.shape[1:]} each, of validation {validation.shape[1:]}")
    if problem.dimensions and train.shape[1:] != (len(problem.dimensions),):
        found.append(f"{len(problem.dimensions)} names of dimensions for targets of shape {train.shape}")
    return found


def _built(problem: Problem, seed: int, before: int = 0) -> nn.Module:
    """The network of a seed, after other draws from the global stream."""
    torch.manual_seed(before)
    return problem.build(seed).eval()


def _building(problem: Problem, net: nn.Module, same_start: bool) -> list[str]:
    trained = _trained(net)
    if not trained:
        return ["no weight of the network requires a gradient"]
    again = _built(problem, 0, before=1)
    places = {p.data_ptr() for p in trained.values()}
    if any(p.data_ptr() in places for p in _trained(again).values()):
        return ["two networks share weights: a run would begin where the one before it ended"]
    if not _equal(_state(net), _state(again)):
        return ["building it twice from one seed gives different weights"]
    del again
    alike = _equal(trained, _trained(_built(problem, 1)))
    if alike and not same_start:
        return ["two seeds give the same starting weights; if they are to, say same_start=True"]
    return ["two seeds give different starting weights"] if same_start and not alike else []


def _trained(net: nn.Module) -> dict[str, nn.Parameter]:
    return {name: p for name, p in net.named_parameters() if p.requires_grad}


def _state(net: nn.Module) -> dict[str, Tensor]:
    return {**dict(net.named_parameters()), **dict(net.named_buffers())}


def _equal(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def _some(part: Part, n: int = _BATCH) -> NDArray[np.intp]:
    """Rows in no order, from all over a part."""
    return rng(0, "check", "rows").permutation(len(part.ids))[:n].astype(np.intp)


def _inputs(part: Part) -> list[str]:
    rows = _some(part)
    given = part.inputs(rows)
    if given.dtype != torch.float32 or given.device.type != "cpu" or len(given) != len(rows):
        return [f"inputs of {len(rows)} rows are {tuple(given.shape)}, {given.dtype} on {given.device}"]
    if not given.isfinite().all():
        return ["inputs are NaN or infinite"]
    if not torch.equal(given, part.inputs(rows)):
        return ["the same rows give other inputs the second time"]
    singly = [part.inputs(rows[i : i + 1]) for i in range(len(rows))]
    if torch.equal(given, torch.cat(singly)):
        return []
    return ["inputs depend on the order of the rows, or on what else is in the batch"]


def _outputs(net: nn.Module, problem: Problem) -> list[str]:
    rows = _some(problem.train)
    targets = np.asarray(problem.train.targets)
    found = _shown(net, problem.train.inputs(rows))
    if not found.isfinite().all():
        return ["outputs are NaN or infinite"]
    if targets.ndim == 1:
        fits = found.ndim == 2 and found.shape[1] > int(targets.max())
    else:
        fits = found.shape == (len(rows), *targets.shape[1:])
    said = (
        f"labels up to {targets.max()}" if targets.ndim == 1 else f"targets of shape {targets.shape[1:]} each"
    )
    return [] if fits else [f"outputs of {len(rows)} stimuli are {tuple(found.shape)}, for {said}"]


def _readings(net: nn.Module, problem: Problem) -> list[str]:
    found: list[str] = []
    for probe in problem.probes:
        rows = _some(probe.part)
        try:
            with torch.no_grad():
                read = probe.reading.read(net, probe.part.inputs(rows))
        except RepalignError as error:
            found.append(f"probe {probe.name}: {error.message}")
            continue
        odd = [layer for layer, each in read.items() if len(each) != len(rows) or not each.isfinite().all()]
        if odd:
            found.append(f"probe {probe.name}: {odd[0]} is NaN or infinite, or not one response per stimulus")
    return found


def _gradients(net: nn.Module, problem: Problem) -> list[str]:
    part, rows, weights = problem.train, _some(problem.train), _trained(net)
    net.train()
    inputs, targets = part.inputs(rows), torch.from_numpy(np.ascontiguousarray(part.targets[rows]))
    torch.manual_seed(0)  # of dropout
    lacking = set(weights)
    for _ in range(2):  # behind a factor that begins at zero there is a gradient only after a step
        for p in weights.values():
            p.grad = None
        _loss(net(inputs), targets).backward()
        lacking -= {name for name, p in weights.items() if p.grad is not None and bool(p.grad.any())}
        with torch.no_grad():
            for p in weights.values():
                if p.grad is not None:
                    p -= _RATE * p.grad
    return [
        f"weight {name} requires a gradient and gets none, or zeros" for name in weights if name in lacking
    ]


def _loss(outputs: Tensor, targets: Tensor) -> Tensor:
    if targets.ndim == 1:
        return functional.cross_entropy(outputs.float(), targets.long())
    return ((outputs.float() - targets.float()) ** 2).mean()


def _shown(net: nn.Module, inputs: Tensor) -> Tensor:
    with torch.no_grad():
        return net(inputs).float()


def _images(net: nn.Module, problem: Problem) -> list[str]:
    part, rows = problem.train, _some(problem.train)
    clean = _shown(net, part.inputs(rows))
    found: list[str] = []
    for when, normalised in (("before", False), ("after", True)):
        seen: list[Array] = []
        same = _shown(net, part.inputs(rows, _watched(lambda x: x, seen, normalised)))
        grey = _shown(net, part.inputs(rows, _watched(lambda x: np.full_like(x, 0.5), seen, normalised)))
        words = [*_as_images(seen, len(rows), normalised), *_reached(clean, same, grey)]
        found += [f"a change of images {when} normalisation: {each}" for each in words]
    return found


def _watched(change: Callable[[Array], Array], seen: list[Array], normalised: bool) -> ImageChange:
    def apply(images: Array) -> Array:
        seen.append(np.array(images))
        return change(images)

    return ImageChange(apply, normalised)


def _as_images(seen: Sequence[Array], n: int, normalised: bool) -> list[str]:
    """What a change is given: all images of the batch at once, as kinds of perturbation want them."""
    if len(seen) != 2:
        return ["it is not called once for a batch"]
    images = seen[0]
    if images.ndim != 4 or len(images) != n or images.dtype != np.float32:
        return [f"it is given {images.dtype} of shape {images.shape}"]
    if not normalised and (images.min() < 0 or images.max() > 1):
        return [f"it is given values from {images.min():.3g} to {images.max():.3g}, not in [0, 1]"]
    return []


def _reached(clean: Tensor, same: Tensor, grey: Tensor) -> list[str]:
    tolerance = _TOLERANCE * float(clean.abs().max())
    found: list[str] = []
    if float((clean - same).abs().max()) > tolerance:
        found.append("one that changes nothing gives other outputs than clean images")
    if float((clean - grey).abs().max()) <= tolerance:
        found.append("grey images give the outputs of clean ones")
    if float((grey - grey[:1]).abs().max()) > tolerance:
        found.append("grey images give unlike outputs")
    return found
