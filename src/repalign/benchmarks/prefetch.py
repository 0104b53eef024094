"""Networks see a study's stimuli before its units run: here, once, with all threads."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from repalign.benchmarks.benchmark import benchmark
from repalign.benchmarks.responders import is_network, wanted_layers
from repalign.data import Assembly, digest_spec
from repalign.errors import RepalignError
from repalign.execution import Unit
from repalign.models import Model, extract_to_store, model, read_assembly

OnExtract = Callable[[str, int, int], None]
ACTIVATIONS, OTHERS = _PAIR = ("activations", "others")
OPTIONS = "options"  # of a unit about several benchmarks: JSON, by benchmark


def prefetched(units: Sequence[Unit], place: Path, on_extract: OnExtract | None = None) -> list[Unit]:
    """Extract the responses of network models into the store and tell each unit where its lie.

    Units run with one thread for numerical libraries, this process with all, and the last bits of a
    network's responses may depend on that. Extracted here, they are the same for any number of
    workers, and no worker has to load a network.

    Args:
        units: Of a study.
        place: Folder of the results; units that have one need no responses.
        on_extract: Called with the model's name and the number of stimuli done and of all.

    Returns:
        The units in their order. One whose model could not be extracted is left as it was, so that it
        fails with the reason when it runs, and alone.
    """
    # Grouped by model, so that each is loaded once and one is in memory at a time.
    groups: dict[str, list[tuple[Unit, Showing]]] = {}
    for unit in units:
        if not unit.result(place).exists():
            for showing in _showings(unit):
                groups.setdefault(digest_spec(showing.model), []).append((unit, showing))
    found: dict[str, dict[str, str]] = {}
    for group in groups.values():
        _extract(group, found, on_extract)
    return [replace(u, locations={**u.locations, **found.get(u.digest, {})}) for u in units]


class Showing(NamedTuple):
    """A network that a unit shows its stimuli to, and under which location its responses are handed over."""

    location: str
    model: Any
    layers: Any


def of_model(number: int) -> str:
    """The location of the responses of one of a unit's several models."""
    return f"{ACTIVATIONS}-{number}"


def _showings(unit: Unit) -> list[Showing]:
    spec = unit.spec
    if "models" in spec:
        sides = [
            (of_model(i), *side) for i, side in enumerate(zip(spec["models"], spec["layers"], strict=True))
        ]
    elif "pair" in spec:
        sides = [
            (where, side, spec["how"]["layers"]) for where, side in zip(_PAIR, spec["pair"], strict=True)
        ]
    else:
        sides = [(ACTIVATIONS, spec["model"], spec["how"]["layers"])]
    return [Showing(*side) for side in sides if is_network(side[1])]


def _extract(
    group: Sequence[tuple[Unit, Showing]], found: dict[str, dict[str, str]], on_extract: OnExtract | None
) -> None:
    """Extract one model's responses and note for each unit where they lie."""
    done: dict[tuple[str, str], str] = {}
    try:
        shown = model(group[0][1].model)
        for unit, showing in group:
            goal = unit.spec["benchmark"], json.dumps(showing.layers)
            if goal not in done:
                done[goal] = _stored(shown, unit, showing.layers, on_extract)
            found.setdefault(unit.digest, {})[showing.location] = done[goal]
    except RepalignError:
        pass  # the units that are left fail with it, and say it


def _stored(shown: Model, unit: Unit, layers: Any, on_extract: OnExtract | None) -> str:
    stimuli = benchmark(unit.spec["benchmark"], locations_of(unit)).stimuli

    announced: list[object] = []  # nothing is, where all lies in the store already

    def report(done: int, total: int) -> None:
        if on_extract is not None and announced:
            on_extract(shown.name, done, total)

    wanted = wanted_layers(tuple(layers) if isinstance(layers, list) else layers)
    folders = extract_to_store(shown, stimuli, wanted, progress=report, announce=announced.append)
    return json.dumps({"name": shown.name, "folders": [str(folder) for folder in folders]})


def locations_of(unit: Unit) -> dict[str, str]:
    """Where the data of a unit's first benchmark lie on this machine."""
    several = unit.locations.get(OPTIONS)
    return json.loads(several)[unit.spec["benchmark"]] if several else dict(unit.locations)


def restored(location: str) -> Assembly:
    """The responses that :func:`prefetched` put at a unit's location, by the model's name in the study.

    The store knows weights and not names: what lies there may have been extracted under another one.
    """
    found = json.loads(location)
    return replace(read_assembly([Path(folder) for folder in found["folders"]]), name=found["name"])
