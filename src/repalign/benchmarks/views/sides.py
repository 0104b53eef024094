"""Models as a view shows them: by one layer, which no score has chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repalign.benchmarks.benchmark import Benchmark
from repalign.benchmarks.layers import ALL, CHOOSE, split_layers
from repalign.benchmarks.pairwise import shown_name
from repalign.benchmarks.prefetch import of_model, restored
from repalign.benchmarks.responders import is_file, is_network, respond
from repalign.data import Responses
from repalign.errors import RepalignError
from repalign.models.torch_shapes import without_weights


@dataclass(frozen=True)
class Side:
    """A model's responses.

    Args:
        name: As in the rows of scores.
        layers: All that are here, in the model's order.
        layer: The one that stands for the model; empty where there are no layers.
        stands: Why that one: ``default``, ``named`` or ``saved``.
        shown: The responses in that layer, to the stimuli that the view is about.
        whole: The responses in all layers, where they are wanted.
    """

    name: str
    layers: tuple[str, ...]
    layer: str
    stands: str
    shown: Responses
    whole: Responses | None = None


_STANDS = {
    "default": "the last of its default layers",
    "named": "the last layer that was asked for",
    "saved": "the last layer that was saved",
}


def stands_by(sides: Sequence[Side]) -> str:
    """Which layer stands for each model, as a sentence; empty where no model has layers."""
    kinds = [kind for kind in _STANDS if any(side.stands == kind and side.layer for side in sides)]
    if not kinds:
        return ""
    shown = ", or ".join(_STANDS[kind] for kind in kinds)
    return f"Each model is shown by {shown}; its score has not chosen it."


def model_sides(
    spec: Mapping[str, Any],
    bench: Benchmark,
    locations: Mapping[str, str],
    ids: Sequence[str],
    *,
    whole: bool = False,
) -> tuple[list[Side], list[dict[str, str]]]:
    """The models of a view's spec, and those that do not respond, with the reason.

    Args:
        spec: With ``models`` and, for each of them, the rule of ``layers``.
        bench: Whose stimuli they are shown.
        locations: Where responses lie that were extracted before, by :func:`of_model`.
        ids: Stimuli to which responses are kept; one model's complete responses are held at a time.
        whole: Keep all layers too, for a layer to be chosen.
    """
    found: list[Side] = []
    left_out: list[dict[str, str]] = []
    for number, (named, rule) in enumerate(zip(spec["models"], spec["layers"], strict=True)):
        wanted = tuple(rule) if isinstance(rule, list) else rule
        try:
            stored = locations.get(of_model(number))
            complete = restored(stored) if stored else respond(named, bench, wanted)
            parts = split_layers(complete, wanted)
            layer, stands = _standing_for(named, wanted, tuple(parts))
            shown = parts[layer].select(ids)
            kept = complete if whole else None
            found.append(Side(complete.name, tuple(parts), layer, stands, shown, kept))
        except RepalignError as error:
            left_out.append({"name": shown_name(named), "reason": error.message})
    return found, left_out


def _standing_for(named: Any, rule: str | Sequence[str], layers: Sequence[str]) -> tuple[str, str]:
    """The last of a model's own default layers where all were asked for, else the last there is."""
    if not isinstance(rule, str):
        return layers[-1], "named"
    if is_file(named):
        return layers[-1], "saved"
    if rule in (ALL, CHOOSE) and is_network(named):
        defaults = [layer for layer in without_weights(named).default_layers if layer in layers]
        if defaults:
            return defaults[-1], "default"
    return layers[-1], "default"
