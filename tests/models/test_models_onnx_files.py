"""Laws of reading ONNX files: damaged, foreign, hostile or merely unsuitable ones are refused in words."""

from __future__ import annotations

import gzip

import numpy as np
import onnx_nets
import pytest
from onnx_nets import TensorProto, helper

from repalign.errors import FileError, InputError, UnsuitableError
from repalign.models import model, onnx_file

CONTENT = onnx_nets.conv_net().SerializeToString()


def test_a_gzipped_file_is_the_same_model(tmp_path):
    (tmp_path / "net.onnx.gz").write_bytes(gzip.compress(CONTENT))
    plain = model(onnx_nets.written(tmp_path, onnx_nets.conv_net()))
    packed = model(f"onnx/{tmp_path / 'net.onnx.gz'}")
    assert packed.digest == plain.digest
    assert packed.name == plain.name == "onnx/net"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it holds no graph"),
        (b"no model at all", "is not an ONNX model"),
        (CONTENT[: len(CONTENT) // 2], "damaged or truncated"),
        (CONTENT[:-1], "damaged or truncated"),
        (gzip.compress(CONTENT)[:-20], "cannot be read"),
        (gzip.compress(CONTENT)[:40], "cannot be read"),
        (b"\x1f\x8b and then nothing", "cannot be read"),
        (gzip.compress(b"text"), "is not an ONNX model"),
        (CONTENT.replace(b"relu", b"rel\xff"), "damaged or truncated"),
        (bytes(range(256)) * 8, "is not an ONNX model"),
    ],
    # The bytes hold the time of compression, which must not name a test.
    ids=[f"case{i}" for i in range(10)],
)
def test_what_is_no_model_is_refused(tmp_path, content, message):
    (tmp_path / "net.onnx").write_bytes(content)
    with pytest.raises(FileError, match=message):
        model(f"onnx/{tmp_path / 'net.onnx'}")


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(FileError, match=r"nowhere\.onnx does not exist"):
        model(f"onnx/{tmp_path / 'nowhere.onnx'}")
    with pytest.raises(FileError, match="is a folder"):
        model(f"onnx/{tmp_path}")


def test_no_more_than_the_limit_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_file, "MAX_BYTES", 50_000)
    for name, opened in (("bomb.onnx.gz", gzip.open), ("large.onnx", open)):
        with opened(tmp_path / name, "wb") as handle:
            handle.write(bytes(60_000))
        with pytest.raises(FileError, match="holds more than 50000 bytes"):
            model(f"onnx/{tmp_path / name}")


def external(folder, location, **entries):
    """The convolutional net with its kernel kept in another file."""
    built = onnx_nets.conv_net()
    kernel = built.graph.initializer[0]
    kernel.ClearField("raw_data")
    kernel.data_location = TensorProto.EXTERNAL
    for key, value in {"location": location, **entries}.items():
        kernel.external_data.add(key=key, value=str(value))
    return onnx_nets.written(folder, built, "external.onnx")


def test_weights_beside_the_model_are_read_and_count_in_its_identity(tmp_path):
    content = onnx_nets.KERNEL.tobytes()
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "kernel.bin").write_bytes(bytes(16) + content + b"more")
    named = external(tmp_path, "weights/kernel.bin", offset=16, length=len(content))
    plain = model(onnx_nets.written(tmp_path, onnx_nets.conv_net()))
    image = np.random.default_rng(1).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    found, expected = (m.respond([m.prepare(image)], ["out"])["out"] for m in (model(named), plain))
    np.testing.assert_array_equal(found, expected)
    before = model(named).digest
    (tmp_path / "weights" / "kernel.bin").write_bytes(bytes(20 + len(content)))
    assert model(named).digest != before


@pytest.mark.parametrize("location", ["../kernel.bin", "sub/../../kernel.bin", "{outside}", "link.bin", ""])
def test_weights_outside_the_models_folder_are_never_read(tmp_path, location):
    outside, inside = tmp_path / "kernel.bin", tmp_path / "inside"
    inside.mkdir()
    outside.write_bytes(onnx_nets.KERNEL.tobytes())
    (inside / "link.bin").symlink_to(outside)
    with pytest.raises(FileError, match="outside its own folder; such files are never read"):
        model(external(inside, location.format(outside=outside)))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"location": "missing.bin"}, r"missing\.bin does not exist"),
        ({"location": "kernel.bin", "offset": 8}, "cannot be run"),
        ({"location": "kernel.bin", "length": 10**6}, r"bytes 0 to 1000000 are not in kernel\.bin"),
        ({"location": "kernel.bin", "offset": -4}, "cannot be read"),
        ({"location": "kernel.bin", "offset": "x"}, "cannot be read"),
    ],
)
def test_external_weights_that_do_not_fit_are_refused(tmp_path, entries, message):
    (tmp_path / "kernel.bin").write_bytes(onnx_nets.KERNEL.tobytes())
    with pytest.raises(FileError, match=message):
        model(external(tmp_path, **entries))


def test_external_weights_count_against_the_limit(tmp_path, monkeypatch):
    (tmp_path / "kernel.bin").write_bytes(onnx_nets.KERNEL.tobytes())
    monkeypatch.setattr(onnx_file, "MAX_BYTES", len(CONTENT) - 100)
    with pytest.raises(FileError, match="holds more than"):
        model(external(tmp_path, "kernel.bin"))


def test_weights_within_constants_and_inner_graphs_are_found():
    inner = helper.make_graph(
        [helper.make_node("Constant", [], ["b"], value=helper.make_tensor("deep", 1, [1], [2.0]))],
        "inner",
        [],
        [helper.make_tensor_value_info("b", TensorProto.FLOAT, None)],
    )
    nodes = [helper.make_node("If", ["x"], ["out"], then_branch=inner, else_branch=inner)]
    names = [tensor.name for tensor in onnx_file.all_tensors(onnx_nets.net(nodes))]
    assert names.count("deep") == 2


ECHO = [helper.make_node("Identity", ["x"], ["out"])]


@pytest.mark.parametrize(
    ("built", "error", "message"),
    [
        (onnx_nets.net(ECHO, shape=(1, 28, 28)), UnsuitableError, "an image has 3 colour channels"),
        (onnx_nets.net(ECHO, shape=(3072,)), UnsuitableError, "has 2 axes"),
        (onnx_nets.net(ECHO, shape=None), UnsuitableError, "has 0 axes"),
        (onnx_nets.net(ECHO, kind=TensorProto.UINT8), UnsuitableError, "element type 2"),
        (onnx_nets.net(ECHO, shape=(3, "H", "W")), InputError, "leaves the size of images open"),
        (onnx_nets.net(ECHO, shape=(3, 8, 3)), InputError, "which axis has the colours"),
        (onnx_nets.net(ECHO, shape=("C", 8, "D")), InputError, "which axis has the colours"),
        (
            onnx_nets.net([helper.make_node("NoSuchOperator", ["x"], ["out"])]),
            FileError,
            "cannot be run: .*NoSuchOperator",
        ),
        (
            onnx_nets.net([helper.make_node("ReduceMean", ["x"], ["out"], axes=[0], keepdims=0)]),
            UnsuitableError,
            "no tensor that depends on the input has one row",
        ),
    ],
)
def test_networks_that_do_not_take_images_are_refused(tmp_path, built, error, message):
    with pytest.raises(error, match=message):
        model(onnx_nets.written(tmp_path, built))


def test_several_inputs_are_refused_and_weights_are_none(tmp_path):
    built = onnx_nets.conv_net()
    built.graph.input.append(helper.make_tensor_value_info("kernel", TensorProto.FLOAT, [4, 3, 3, 3]))
    assert model(onnx_nets.written(tmp_path, built)).card.n_parameters == 108 + 720  # as old files list them
    built.graph.input.append(helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1]))
    with pytest.raises(UnsuitableError, match=r"has 2 inputs \['x', 'mask'\]"):
        model(onnx_nets.written(tmp_path, built))


def test_an_open_size_is_the_users_to_say(tmp_path):
    named = onnx_nets.written(tmp_path, onnx_nets.echo_net(shape=(3, "H", "W")))
    assert model(named, size=6).name == "onnx/net(size=6x6)"
    assert model(named, size=[6, 4]).card.shapes == {"out": (3, 6, 4)}


def test_a_size_that_the_graph_cannot_work_with_is_refused(tmp_path):
    built = onnx_nets.conv_net()
    for axis in (2, 3):
        built.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = "any"
    named = onnx_nets.written(tmp_path, built)
    assert model(named, size=8).card.shapes["out"] == (5,)
    with pytest.raises(InputError, match=r"failed on a batch of shape \(1, 3, 9, 9\)") as caught:
        model(named, size=9)
    assert "size" in caught.value.hint


@pytest.mark.parametrize(
    ("kind", "dtype"), [(TensorProto.FLOAT16, "float16"), (TensorProto.DOUBLE, "float64")]
)
def test_other_floating_point_inputs_are_given_their_own_type(tmp_path, kind, dtype):
    found = model(onnx_nets.written(tmp_path, onnx_nets.echo_net(kind=kind)))
    image = np.full((8, 8, 3), 255, dtype=np.uint8)
    response = found.respond([found.prepare(image)], ["out"])["out"]
    assert response.dtype == dtype
    np.testing.assert_allclose(response, 1)


def test_nothing_is_printed_while_a_model_is_refused(tmp_path, capfd):
    content = CONTENT.replace(b"Conv", b"Cono")
    (tmp_path / "net.onnx").write_bytes(content)
    with pytest.raises(FileError, match="cannot be run"):
        model(f"onnx/{tmp_path / 'net.onnx'}")
    assert capfd.readouterr() == ("", "")
