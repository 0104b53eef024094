"""Columns in several arrays are one matrix in every respect but memory."""

from __future__ import annotations

import numpy as np
import pytest

from repalign.data import Assembly, ColumnBlocks
from repalign.errors import ShapeError

IDS = tuple(f"s{i}" for i in range(5))


@pytest.fixture
def both():
    generator = np.random.default_rng(0)
    parts = [generator.normal(size=(5, width)).astype(np.float32) for width in (3, 1, 4)]
    units = {"layer": np.repeat(["a", "b", "c"], [3, 1, 4])}
    blocks = Assembly(ColumnBlocks(parts), IDS, units, name="m")
    return parts, blocks, Assembly(np.concatenate(parts, axis=1), IDS, units, name="m")


def test_the_digest_is_that_of_the_matrix_in_one_piece(both):
    _, blocks, whole = both
    assert blocks.digest == whole.digest
    order = IDS[::-1]
    assert blocks.select(order).digest == whole.select(order).digest != whole.digest


def test_a_layer_comes_back_without_a_copy(both):
    parts, blocks, _ = both
    for part, layer in zip(parts, blocks.split("layer").values(), strict=True):
        assert layer.values is part


def test_selecting_saving_and_shapes_agree(both, tmp_path):
    _, blocks, whole = both
    np.testing.assert_array_equal(blocks.array(), whole.values)
    np.testing.assert_array_equal(blocks.select(["s3", "s1"]).array(), whole.values[[3, 1]])
    assert (blocks.n_stimuli, blocks.n_units) == (5, 8)
    assert Assembly.load(blocks.save(tmp_path / "a.npz")).digest == whole.digest


@pytest.mark.parametrize(
    "blocks",
    [
        [],
        [np.zeros((2, 1)), np.zeros((3, 1))],
        [np.zeros((2, 1)), np.zeros((2, 1), np.float32)],
    ],
)
def test_blocks_of_differing_rows_or_dtype_are_refused(blocks):
    with pytest.raises(ShapeError, match="equally many rows and one dtype"):
        ColumnBlocks(blocks)
