"""Net2Brain's folders: one file per stimulus or per layer, and its RDM files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import squareform

from repalign.data import RDM, Assembly, read_responses
from repalign.errors import FileError, IdentityError, UnsuitableError
from repalign.seeds import rng

STIMULI = ["image_02.jpg", "image_01.jpg", "image_10.jpg"]
LAYERS = {"layer3.0": (1, 2, 3), "fc": (1, 4)}
FEATURES = {s: {k: rng(0, s, k).standard_normal(shape) for k, shape in LAYERS.items()} for s in STIMULI}


def per_stimulus(folder: Path, suffix: str = ".jpg.npz") -> None:
    for stimulus, arrays in FEATURES.items():
        np.savez(folder / stimulus.replace(".jpg", suffix), **arrays)


def per_layer(folder: Path, prefix: str = "consolidated_", media: bool = True) -> None:
    for layer in LAYERS:
        keys = {s if media else s.removesuffix(".jpg"): a[layer] for s, a in FEATURES.items()}
        np.savez(folder / f"{prefix}{layer}.npz", **keys)


WRITERS = {
    "per stimulus": per_stimulus,
    "per stimulus, bare names": lambda f: per_stimulus(f, ".npz"),
    "per layer": per_layer,
    "per layer, no prefix": lambda f: per_layer(f, ""),
    "per layer, no prefix, bare names": lambda f: per_layer(f, "", media=False),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_files_per_stimulus_and_per_layer_hold_the_same(kind, tmp_path):
    WRITERS[kind](tmp_path)
    back = read_responses(tmp_path)
    assert isinstance(back, Assembly)
    assert set(back.require_ids()) == {"image_01", "image_02", "image_10"}
    for layer in LAYERS:
        for stimulus, arrays in FEATURES.items():
            row = back.layer(layer).select([stimulus.removesuffix(".jpg")]).array()[0]
            np.testing.assert_array_equal(row, arrays[layer].ravel())


def test_what_the_files_do_not_tell_must_be_said(tmp_path, refused):
    for name in "ab":
        np.savez(tmp_path / f"{name}.npz", c=np.ones(2), d=np.zeros(2))
    with refused(UnsuitableError, "stimuli or layers", "net2brain"):
        read_responses(tmp_path)
    assert read_responses(tmp_path, layout="per-stimulus").require_ids() == ("a", "b")
    turned = read_responses(tmp_path, layout="per-layer")
    assert turned.require_ids() == ("c", "d")
    assert list(turned.units["layer"]) == ["a", "a", "b", "b"]


def test_files_that_do_not_fit_together_are_refused(tmp_path, refused):
    per_stimulus(tmp_path)
    np.savez(tmp_path / "image_11.jpg.npz", **{"layer3.0": np.ones(6), "fc": np.ones(5)})
    with refused(FileError, "'fc'", "image_11"):
        read_responses(tmp_path)
    np.savez(tmp_path / "image_11.jpg.npz", fc=np.ones(4))
    with refused(FileError, "'layer3.0'", "image_11"):
        read_responses(tmp_path)


def test_a_folder_of_our_own_files_is_not_taken_for_features(tmp_path, refused):
    for name in "ab":
        Assembly(np.eye(2), ("x", "y")).save(tmp_path / f"{name}.npz")
    with refused(FileError, "a.npz", "repalign's own"):
        read_responses(tmp_path)


@pytest.mark.parametrize("square", [False, True])
def test_an_rdm_may_be_condensed_or_square_and_its_pickled_part_stays_shut(square, tmp_path):
    values = np.array([0.5, 0.25, 1.0])
    names, meta = np.array(["a.jpg", "b.jpg", "c"]), np.array({"distance": "pearson"}, dtype=object)
    kept = squareform(values) if square else values
    np.savez(tmp_path / "RDM_x.npz", rdm=kept, stimuli_name=names, layer_name=np.array("conv1"), meta=meta)
    rdm = read_responses(tmp_path / "RDM_x.npz")
    assert isinstance(rdm, RDM)
    assert rdm.digest == RDM(values, ("a", "b", "c")).digest
    assert rdm.name == "conv1"


def test_rdms_in_one_folder_are_joined_by_name(tmp_path, refused):
    first = RDM(np.array([1.0, 2.0, 3.0]), ("a", "b", "c"))
    second = first.select(("c", "a", "b"))
    for name, rdm in (("1", first), ("2", second)):
        np.savez(tmp_path / f"{name}.npz", rdm=rdm.values, stimuli_name=np.array(rdm.ids))
    np.testing.assert_array_equal(read_responses(tmp_path).values, [[1, 2, 3], [1, 2, 3]])
    np.savez(tmp_path / "3.npz", rdm=first.values, stimuli_name=np.array(["a", "b", "z"]))
    with refused(IdentityError, "not about the same stimuli"):
        read_responses(tmp_path)


def test_an_rdm_without_names_needs_ids(tmp_path, refused):
    np.savez(tmp_path / "x.npz", rdm=np.ones(3), stimuli_name=np.array(None))
    with refused(IdentityError, "no stimulus ids"):
        read_responses(tmp_path / "x.npz")
    assert (
        read_responses(tmp_path / "x.npz", ids=("a", "b", "c")).digest
        == RDM(np.ones(3), ("a", "b", "c")).digest
    )
