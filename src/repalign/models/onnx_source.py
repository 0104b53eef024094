"""The onnx source: any network in an ONNX file, named ``onnx/PATH``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from repalign.errors import UnsuitableError
from repalign.models.onnx_file import read_onnx
from repalign.models.onnx_graph import image_input
from repalign.models.onnx_model import OnnxModel
from repalign.models.onnx_network import Network, probe
from repalign.models.onnx_settings import settings
from repalign.seeds import rng

EXAMPLES = 2  # all tensors of all of them are held at once


class OnnxSource:
    """Networks in ONNX files (``.onnx``, ``.onnx.gz``): data, which the runtime interprets."""

    imports_code = False

    def names(self) -> tuple[str, ...]:
        """None: any file has a name."""
        return ()

    def load(self, name: str, parameters: Mapping[str, Any]) -> OnnxModel:
        """Read a network and find its layers.

        Args:
            name: The path of the file.
            parameters: ``preset`` (``unit``, ``mobilenet-tf``, ``caffe``, ``imagenet``, ``cifar10``),
                ``size``, ``shorter``, ``interpolation``, ``scale``, ``mean``, ``std``, ``channels``,
                ``layout``, ``threads``; see :class:`repalign.models.preprocessing.Preprocessing`.

        Raises:
            UnavailableError: onnx or onnxruntime is not installed.
            FileError: The file is missing, damaged, too large, no ONNX model, refers to weights
                outside its folder, or uses operators that the runtime does not have.
            UnsuitableError: It is no network of colour images, or no tensor has a row per stimulus.
            UnknownNameError: No such parameter, or no such choice of one.
            ShapeError: Size or layout do not fit the network.
            InputError: A parameter has an impossible value, or the network fails on an image.
        """
        file = read_onnx(Path(name).expanduser())
        source = image_input(file)
        chosen = settings(f"onnx/{file.stem}", parameters, source)
        network = Network(file, source, chosen.threads)
        height, width = chosen.preprocessing.size or (0, 0)
        images = rng(0, "onnx", "probe").integers(0, 256, (EXAMPLES, height, width, 3), dtype=np.uint8)
        probed = probe(network, np.stack([chosen.preprocessing(image) for image in images]))
        if not probed.shapes:
            raise UnsuitableError(
                f"{file.path}: no tensor that depends on the input has one row of numbers per stimulus",
                hint="Export the model with the batch as the first axis of its output.",
            )
        return OnnxModel(network, chosen, probed)
