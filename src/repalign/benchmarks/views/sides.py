"""Models as a view shows them: by one layer, which no score has chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repalign.benchmarks.benchmark import Benchmark
from repalign.benchmarks.layers import ALL, CHOOSE, split_layers
from repalign.benchmarks.pairwise import shown_name
from repalign.benchmarks.prefetch import of_model, restored
from repalign.benchmarks.responders import is_network, respond
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
        whole: The responses in all layers.
    """

    name: str
    layers: tuple[str, ...]
    layer: str
    whole: Responses

    @property
    def shown(self) -> Responses:
        """The responses in the layer that stands for the model."""
        return split_layers(self.whole)[self.layer]


def model_sides(
    spec: Mapping[str, Any], bench: Benchmark, locations: Mapping[str, str]
) -> tuple[list[Side], list[dict[str, str]]]:
    """The models of a view's spec, and those that do not respond, with the reason.

    Args:
        spec: With ``models`` and, for each of them, the rule of ``layers``.
        bench: Whose stimuli they are shown.
        locations: Where responses lie that were extracted before, by :func:`of_model`.
    """
    found: list[Side] = []
    left_out: list[dict[str, str]] = []
    for number, (named, rule) in enumerate(zip(spec["models"], spec["layers"], strict=True)):
        wanted = tuple(rule) if isinstance(rule, list) else rule
        try:
            stored = locations.get(of_model(number))
            whole = restored(stored) if stored else respond(named, bench, wanted)
            layers = tuple(split_layers(whole, wanted))
            found.append(Side(whole.name, layers, _standing_for(named, wanted, layers), whole))
        except RepalignError as error:
            left_out.append({"name": shown_name(named), "reason": error.message})
    return found, left_out


def _standing_for(named: Any, rule: str | Sequence[str], layers: Sequence[str]) -> str:
    """The last of a model's own default layers where all were asked for, else the last that was named."""
    if rule in (ALL, CHOOSE) and is_network(named):
        defaults = [layer for layer in without_weights(named).default_layers if layer in layers]
        if defaults:
            return defaults[-1]
    return layers[-1]
