"""What the demonstration scores."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from repalign.benchmarks import Study
from repalign.datasets.places import published_data
from repalign.testing import toy_networks

# Data sets in the order in which they are shown, and what is said about each.
SECTIONS = {
    "kriegeskorte92": "Objects: brains and judgements",
    "ekman1954": "Colours: how alike they look to people",
    "digits": "Digits: networks trained on the spot",
}
_CLASSICAL = ("animacy", "category", "monkey-it", "eva", "hmax", "v1", "silhouette", "radon")
_REGIONS = ("human-it", "monkey-it", "behaviour")


class Network(NamedTuple):
    """A real network that may lie in REPALIGN_DATA: file, how its pixels are prepared, layers to score."""

    file: str
    preset: str
    layers: tuple[str, ...]


NETWORKS = (
    Network(
        "derived/mobilenet_v2_1.0_224_quant.fp32.onnx",
        "mobilenet-tf",
        ("Conv/Relu6", "expanded_conv_14/add", "logits"),
    ),
    Network("derived/squeezenet_v1.0_deepcompressed.onnx", "caffe", ("fire9/squeeze1x1", "logits")),
)


def colours() -> Study:
    """Simple models against judgements of colours."""
    names = ("grey", "rgb", "opponent", "cielab", "gabor", "random")
    return Study(models=tuple(f"builtin/{n}" for n in names), benchmarks=("ekman1954/similarity",))


def digits(folder: Path) -> Study:
    """Small networks trained on the spot, against the classes of held-out digits and one another.

    Args:
        folder: Where their weights lie or go.
    """
    return Study(
        models=tuple(toy_networks(folder)),
        benchmarks=("digits/held-out",),
        pairwise=("digits/held-out",),
        draws=200,
        permutations=100,
    )


def objects() -> Iterator[Study]:
    """Classical models, pixels and, where they are here, real networks against brains and judgements."""
    simple: tuple[Any, ...] = (*(f"kriegeskorte92/{n}" for n in _CLASSICAL), "builtin/rgb", "builtin/gabor")
    yield Study(models=simple, benchmarks=("kriegeskorte92/human-it",))
    for network in NETWORKS:
        root = published_data()
        if root is not None and (root / network.file).is_file():
            triple = {
                "model_name": str(root / network.file),
                "source": "onnx",
                "model_parameters": {"preset": network.preset},
            }
            goals = tuple(f"kriegeskorte92/{region}" for region in _REGIONS)
            yield Study(models=(triple,), benchmarks=goals, layers=network.layers)
