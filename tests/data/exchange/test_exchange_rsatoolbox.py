"""rsatoolbox's own objects and files, made and read by rsatoolbox itself."""

from __future__ import annotations

import pickle

import h5py
import numpy as np
import pytest
from rsatoolbox.data import Dataset, TemporalDataset, load_dataset
from rsatoolbox.rdm import RDMs, calc_rdm, load_rdm

from repalign.data import RDM, Assembly, from_rsatoolbox, read_responses, to_rsatoolbox, write_responses
from repalign.errors import FileError, IdentityError, UnknownNameError, UnsuitableError
from repalign.seeds import rng

IDS = ("cat", "dog", "eel", "fox")
X = rng(0, "x").standard_normal((4, 5))


def theirs(**patterns) -> RDMs:
    values = rng(1, "rdm").random((2, 6))
    labels = {"subject": ["s1", "s2"], "session": [1, 2]}
    return RDMs(values, "correlation", {"name": "IT"}, labels, patterns)


def test_their_rdms_become_ours_with_all_labels():
    rdms = from_rsatoolbox(theirs(stimulus=list(IDS)))
    assert isinstance(rdms, RDM)
    np.testing.assert_array_equal(rdms.square(), theirs().get_matrices())
    assert (rdms.require_ids(), rdms.dissimilarity, rdms.name) == (IDS, "correlation", "IT")
    assert {k: list(v) for k, v in rdms.labels.items()} == {"subject": ["s1", "s2"], "session": [1, 2]}


@pytest.mark.parametrize("name", ["stimulus", "conds"])
def test_usual_names_of_the_descriptor_are_known(name):
    assert from_rsatoolbox(theirs(**{name: list(IDS)})).require_ids() == IDS


def test_a_position_is_an_id_only_when_it_is_named(refused):
    with refused(IdentityError, "'index'", "'kind'"):
        from_rsatoolbox(theirs(kind=list(IDS)))
    assert from_rsatoolbox(theirs(kind=list(IDS)), descriptor="kind").require_ids() == IDS
    assert from_rsatoolbox(theirs(), descriptor="index").require_ids() == ("0", "1", "2", "3")
    assert from_rsatoolbox(theirs(), ids=IDS).require_ids() == IDS
    with refused(UnknownNameError, "'kin'"):
        from_rsatoolbox(theirs(kind=list(IDS)), descriptor="kin")
    with refused(IdentityError, "more than once"):
        from_rsatoolbox(theirs(stimulus=["a", "a", "b", "c"]))


def test_what_they_save_is_read_and_what_we_write_they_load(tmp_path):
    original = theirs(stimulus=list(IDS))
    original.save(str(tmp_path / "theirs.h5"), file_type="hdf5")
    back = read_responses(tmp_path / "theirs.h5")
    assert back.digest == from_rsatoolbox(original).digest
    write_responses(back, tmp_path / "ours.h5")
    loaded = load_rdm(str(tmp_path / "ours.h5"), file_type="hdf5")
    np.testing.assert_array_equal(loaded.dissimilarities, original.dissimilarities)
    assert list(loaded.pattern_descriptors["stimulus"]) == list(IDS)
    assert list(loaded.rdm_descriptors["subject"]) == ["s1", "s2"]
    assert loaded.dissimilarity_measure == "correlation"


@pytest.mark.parametrize("values", [np.arange(6.0), np.arange(6.0)[None], np.ones((3, 6))])
def test_objects_come_back_as_they_were(values):
    rdm = RDM(values, ("é", "b", "c", "d"), {}, "cosine", "n")
    assert from_rsatoolbox(to_rsatoolbox(rdm)).digest == rdm.digest


def test_an_assembly_is_a_dataset_that_they_can_compute_with(tmp_path):
    units = {"layer": np.array(["a", "a", "b", "b", "b"]), "depth": np.arange(5)}
    rows = Assembly(X, IDS, units, name="net")
    dataset = to_rsatoolbox(rows)
    assert from_rsatoolbox(dataset).digest == rows.digest
    computed = from_rsatoolbox(calc_rdm(dataset, method="correlation", descriptor="stimulus"))
    order = [IDS.index(i) for i in computed.require_ids()]
    np.testing.assert_allclose(
        computed.square()[0] if computed.values.ndim == 2 else computed.square(),
        1 - np.corrcoef(X[order]),
        atol=1e-12,
    )
    write_responses(rows, tmp_path / "x.h5")
    loaded = load_dataset(str(tmp_path / "x.h5"), file_type="hdf5")
    np.testing.assert_array_equal(loaded.measurements, X)
    assert list(loaded.channel_descriptors["layer"]) == list(units["layer"])


def test_repeated_observations_become_repetitions(refused):
    twice = Dataset(np.concatenate([X, -X]), obs_descriptors={"conds": [*IDS, *IDS]})
    back = from_rsatoolbox(twice)
    np.testing.assert_array_equal(back.array(), np.stack([X, -X]))
    np.testing.assert_array_equal(from_rsatoolbox(twice, repetitions="mean").array(), np.zeros((4, 5)))
    with refused(UnsuitableError, "between 1 and 2 times"):
        from_rsatoolbox(Dataset(np.concatenate([X, -X[:1]]), obs_descriptors={"conds": [*IDS, IDS[0]]}))


def test_a_dataset_in_time_needs_a_decision(refused):
    cube = np.stack([X, 3 * X], axis=-1)
    timed = TemporalDataset(cube, obs_descriptors={"stimulus": list(IDS)}, time_descriptors={"time": [0, 1]})
    with refused(UnsuitableError, "2 time bins"):
        from_rsatoolbox(timed)
    np.testing.assert_allclose(from_rsatoolbox(timed, time_bins="mean").array(), 2 * X)


def test_text_beyond_ascii_is_refused_because_they_could_not_load_it(tmp_path, refused):
    with refused(UnsuitableError, "'ä'", "ASCII"):
        write_responses(Assembly(X, ("ä", *IDS[1:])), tmp_path / "x.h5")
    with refused(UnsuitableError, "'index'"):
        to_rsatoolbox(RDM(np.ones((2, 6)), IDS, {"index": np.array([3, 4])}))
    assert list(tmp_path.iterdir()) == []


def test_their_pickles_and_other_hdf5_files_are_refused(tmp_path, refused):
    (tmp_path / "x.pkl").write_bytes(pickle.dumps(theirs().to_dict()))
    with refused(FileError, "is a pickle"):
        read_responses(tmp_path / "x.pkl")
    with h5py.File(tmp_path / "y.h5", "w") as file:
        file["weights"] = X
    with refused(FileError, "neither dissimilarities nor measurements"):
        read_responses(tmp_path / "y.h5", format="rsatoolbox")
    with refused(FileError, "none of the known formats"):
        read_responses(tmp_path / "y.h5")
