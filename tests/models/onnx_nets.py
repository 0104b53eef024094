"""Small ONNX networks, written for the tests with the standard's own helper."""

from __future__ import annotations

import numpy as np
import pytest

from repalign.seeds import rng

onnx = pytest.importorskip("onnx")  # whoever imports this module is skipped with it
pytest.importorskip("onnxruntime")
TensorProto, helper, numpy_helper = onnx.TensorProto, onnx.helper, onnx.numpy_helper

KERNEL = rng(0, "test", "kernel").normal(size=(4, 3, 3, 3)).astype(np.float32)
HEAD = rng(0, "test", "head").normal(size=(4 * 6 * 6, 5)).astype(np.float32)


def net(nodes, batch="N", shape=(3, 8, 8), weights=None, outputs=("out",), kind=TensorProto.FLOAT, opset=13):
    """A model with input ``x`` of shape (batch, *shape)."""
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info("x", kind, None if shape is None else [batch, *shape])],
        [helper.make_tensor_value_info(name, kind, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
    )
    opsets = [helper.make_opsetid("", opset)]
    return helper.make_model(
        graph, opset_imports=opsets, ir_version=8, producer_name="by-hand", producer_version="1"
    )


def conv_net(batch="N", layout="CHW"):
    """Convolution, rectification, a linear head: tensors ``conv``, ``relu``, ``flat``, ``out``."""
    nodes = [
        helper.make_node("Conv", ["image", "kernel"], ["conv"], name="first"),
        helper.make_node("Relu", ["conv"], ["relu"], name="second"),
        helper.make_node("Flatten", ["relu"], ["flat"], name="flat"),
        helper.make_node("MatMul", ["flat", "head"], ["out"], name="third"),
    ]
    order = [0, 3, 1, 2] if layout == "HWC" else [0, 1, 2, 3]
    nodes.insert(0, helper.make_node("Transpose", ["x"], ["image"], perm=order))
    shape = (8, 8, 3) if layout == "HWC" else (3, 8, 8)
    return net(nodes, batch, shape, {"kernel": KERNEL, "head": HEAD})


def echo_net(**options):
    """Responses are the prepared image itself."""
    return net([helper.make_node("Identity", ["x"], ["out"])], **options)


def crowd_net():
    """Responses are differences from the mean over the batch, so that company matters."""
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[0], keepdims=1),
        helper.make_node("Sub", ["x", "mean"], ["out"]),
    ]
    return net(nodes)


def written(folder, model, name="net.onnx"):
    """Write a model and return its name for :func:`repalign.model`."""
    path = folder / name
    path.write_bytes(model.SerializeToString())
    return f"onnx/{path}"
