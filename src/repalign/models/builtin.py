"""The builtin source: models that need nothing but numpy and scipy, and no weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data import digest_spec
from repalign.errors import UnknownNameError
from repalign.models import colour_features, gabor, random_features
from repalign.models.parameters import Parameter, differing, filled
from repalign.models.pixels import Pixels, check_one_size, resized
from repalign.models.protocol import ModelCard

Features = Callable[..., dict[str, NDArray[np.float64]]]

SIZE = Parameter(None, 1, "resize every image to this many pixels a side", high=4096)
GRID = Parameter(8, 1, "responses are averaged over this many cells a side", high=256)


@dataclass(frozen=True)
class Recipe:
    """How to build one builtin model.

    Args:
        features: ``features(image, layers, **parameters)``, with all parameters but ``size``.
        layers: The layers, given all parameters.
        parameters: What it can be told beside ``size``.
        n_parameters: The number of weights it draws.
        family: For the card.
        preprocessing: For the card.
        citation: For the card.
        version: Goes up whenever the responses change.
    """

    features: Features
    layers: Callable[[Mapping[str, Any]], tuple[str, ...]]
    family: str
    preprocessing: str
    citation: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict[str, Parameter])
    n_parameters: int = 0
    version: int = 1


def _pixelwise(function: Callable[[Pixels], NDArray[np.float64]], about: str, citation: str) -> Recipe:
    def features(image: Pixels, layers: Sequence[str]) -> dict[str, NDArray[np.float64]]:
        return {layer: function(image).ravel() for layer in layers}

    return Recipe(features, lambda _: ("pixels",), "pixels", about, citation)


RECIPES: dict[str, Recipe] = {
    "grey": _pixelwise(
        colour_features.grey,
        "luminance of linear light, encoded back to 0..255",
        "IEC 61966-2-1:1999",
    ),
    "rgb": _pixelwise(colour_features.rgb, "stored values, 0..255", "IEC 61966-2-1:1999"),
    "opponent": _pixelwise(
        colour_features.opponent,
        "intensity, red-green, yellow-blue of linear light",
        "van de Sande, Gevers & Snoek (2010), IEEE TPAMI 32(9)",
    ),
    "cielab": _pixelwise(colour_features.cielab, "L*, a*, b* under D65", "CIE 15:2004, section 8.2.1"),
    "gabor": Recipe(
        gabor.gabor_features,
        lambda parameters: gabor.gabor_layers(parameters["scales"]),
        "Gabor energy",
        "luminance of linear light, encoded back to 0..255, mean removed",
        "Adelson & Bergen (1985), J. Opt. Soc. Am. A 2(2)",
        {
            "scales": Parameter(4, 1, "scales, one octave apart", high=10),
            "orientations": Parameter(8, 1, "orientations over 180 degrees", high=64),
            "wavelength": Parameter(4.0, 2.5, "of the finest scale, pixels per cycle", high=4096),
            "grid": GRID,
        },
    ),
    "random": Recipe(
        random_features.random_features,
        lambda _: random_features.LAYERS,
        "convolutional network with random weights",
        "scaled to -1..1",
        "He, Zhang, Ren & Sun (2015), ICCV, eq. 10 (the weights' variance)",
        {"seed": Parameter(0, 0, "decides the weights"), "grid": GRID},
        random_features.N_WEIGHTS,
    ),
}


@dataclass(frozen=True, eq=False)
class BuiltinModel:
    """A model out of :data:`RECIPES`, with all of its parameters."""

    name: str
    parameters: Mapping[str, Any]
    recipe: Recipe = field(repr=False)
    modality: str = "image"

    @property
    def digest(self) -> str:
        """Digest of name, parameters and version: a builtin model has no other content."""
        spec = {"model": self.name, "parameters": dict(self.parameters), "version": self.recipe.version}
        return digest_spec(spec)

    @property
    def layers(self) -> tuple[str, ...]:
        """All layers, from input to output."""
        return self.recipe.layers(self.parameters)

    @property
    def default_layers(self) -> tuple[str, ...]:
        """All of them: there are few."""
        return self.layers

    @property
    def one_size(self) -> bool:
        """True unless the images are resized anyway."""
        return self.parameters["size"] is None

    @property
    def card(self) -> ModelCard:
        """What is known about the model."""
        size = self.parameters["size"]
        first = "" if size is None else f"resized to {size}x{size} pixels (Pillow, bilinear); "
        return ModelCard(
            family=self.recipe.family,
            training_data="none",
            objective="none",
            n_parameters=self.recipe.n_parameters,
            input_size=None if size is None else (size, size),
            preprocessing=first + self.recipe.preprocessing,
            licence="MIT",
            citation=self.recipe.citation,
            layers=self.layers,
        )

    def prepare(self, stimulus: Pixels) -> Pixels:
        """The image as it is; resizing belongs to the formula."""
        return stimulus

    def respond(self, batch: Sequence[Pixels], layers: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Responses to images, each computed on its own.

        Args:
            batch: n images, ``uint8`` of shape (height, width, 3), RGB.
            layers: Names out of :attr:`layers`.

        Returns:
            Per layer, ``float32`` of shape (n, n_units).

        Raises:
            UnknownNameError: No such layer.
            ShapeError: The images differ in size and no ``size`` was given, or are too small.
        """
        for layer in layers:
            if layer not in self.layers:
                raise UnknownNameError.among(f"layer of {self.name}", layer, self.layers)
        if self.one_size and len(batch):
            names = [f"image {i}" for i in range(len(batch))]
            sizes = [image.shape[:2] for image in batch]
            check_one_size(sizes, names, (names[0], sizes[0]), self.name)
        options = {name: value for name, value in self.parameters.items() if name != "size"}
        rows = [self._features(image, layers, options) for image in batch]
        return {layer: np.stack([row[layer] for row in rows]).astype(np.float32) for layer in layers}

    def _features(
        self, image: Pixels, layers: Sequence[str], options: Mapping[str, Any]
    ) -> dict[str, NDArray[np.float64]]:
        return self.recipe.features(resized(image, self.parameters["size"]), layers, **options)


class BuiltinSource:
    """Models that come with repalign: pixels, colour spaces, Gabor energy, random features."""

    imports_code = False

    def names(self) -> tuple[str, ...]:
        """``grey``, ``rgb``, ``opponent``, ``cielab``, ``gabor``, ``random``."""
        return tuple(RECIPES)

    def load(self, name: str, parameters: Mapping[str, Any]) -> BuiltinModel:
        """Build a builtin model.

        Args:
            name: One of :meth:`names`.
            parameters: ``size`` for any; ``scales``, ``orientations``, ``wavelength``, ``grid`` for
                ``gabor``; ``seed``, ``grid`` for ``random``.

        Raises:
            UnknownNameError: No such model, or it has no such parameter.
            InputError: A parameter has an impossible value.
        """
        if name not in RECIPES:
            raise UnknownNameError.among("model", f"builtin/{name}", [f"builtin/{n}" for n in RECIPES])
        full = f"builtin/{name}"
        declared = {"size": SIZE, **RECIPES[name].parameters}
        settings = filled(full, declared, parameters)
        return BuiltinModel(full + differing(declared, settings), settings, RECIPES[name])
