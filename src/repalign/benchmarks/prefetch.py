"""Networks see a study's stimuli before its units run: here, once, with all threads."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from repalign.benchmarks.benchmark import benchmark
from repalign.benchmarks.responders import is_network, wanted_layers
from repalign.data import Assembly, digest_spec
from repalign.errors import RepalignError
from repalign.execution import Unit
from repalign.models import Model, extract_to_store, model, read_assembly

OnExtract = Callable[[str, int, int], None]
ACTIVATIONS, OTHERS = "activations", "others"


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
    groups: dict[str, list[tuple[Unit, str, Any]]] = {}
    for unit in units:
        if not unit.result(place).exists():
            for location, named in _shown_in(unit):
                groups.setdefault(digest_spec(named), []).append((unit, location, named))
    found: dict[str, dict[str, str]] = {}
    for group in groups.values():
        _extract(group, found, on_extract)
    return [replace(u, locations={**u.locations, **found.get(u.digest, {})}) for u in units]


def _shown_in(unit: Unit) -> list[tuple[str, Any]]:
    """The networks of a unit, and under which location each one's responses are handed to it."""
    sides = unit.spec["pair"] if "pair" in unit.spec else [unit.spec["model"]]
    named = zip((ACTIVATIONS, OTHERS), sides, strict=False)
    return [(location, side) for location, side in named if is_network(side)]


def _extract(
    group: Sequence[tuple[Unit, str, Any]], found: dict[str, dict[str, str]], on_extract: OnExtract | None
) -> None:
    """Extract one model's responses and note for each unit where they lie."""
    by_benchmark: dict[str, str] = {}
    try:
        shown = model(group[0][2])
        for unit, location, _ in group:
            goal = unit.spec["benchmark"]
            if goal not in by_benchmark:
                by_benchmark[goal] = _stored(shown, unit, on_extract)
            found.setdefault(unit.digest, {})[location] = by_benchmark[goal]
    except RepalignError:
        pass  # the units that are left fail with it, and say it


def _stored(shown: Model, unit: Unit, on_extract: OnExtract | None) -> str:
    stimuli = benchmark(unit.spec["benchmark"], unit.locations).stimuli

    def report(done: int, total: int) -> None:
        if on_extract is not None:
            on_extract(shown.name, done, total)

    layers: Any = unit.spec["how"]["layers"]
    wanted = wanted_layers(tuple(layers) if isinstance(layers, list) else layers)
    folders = extract_to_store(shown, stimuli, wanted, progress=report)
    return json.dumps({"name": shown.name, "folders": [str(folder) for folder in folders]})


def restored(location: str) -> Assembly:
    """The responses that :func:`prefetched` put at a unit's location, by the model's name in the study.

    The store knows weights and not names: what lies there may have been extracted under another one.
    """
    found = json.loads(location)
    return replace(read_assembly([Path(folder) for folder in found["folders"]]), name=found["name"])
