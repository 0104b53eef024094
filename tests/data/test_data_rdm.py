"""RDM: scipy's condensed form with stimulus ids."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from repalign.data import RDM
from repalign.data.files import write_arrays
from repalign.data.rdm import n_from_pairs
from repalign.errors import FileError, IdentityError, ShapeError, UnknownNameError

IDS = ("d", "a", "c", "b")


def stack(k: int = 4) -> RDM:
    values = np.random.default_rng(0).random((k, 6))
    labels = {"subject": np.array(["p", "q", "p", "q"][:k]), "session": np.array([1, 1, 2, 2][:k])}
    return RDM(values, IDS, labels, "correlation", "brain")


def test_n_is_the_one_brute_force_finds() -> None:
    known = {n * (n - 1) // 2: n for n in range(2, 200)}
    assert [n_from_pairs(p) for p in range(19_000)] == [known.get(p) for p in range(19_000)]


@given(st.integers(3, 10**7))
def test_n_is_exact_for_large_matrices(n: int) -> None:
    pairs = n * (n - 1) // 2
    assert n_from_pairs(pairs) == n
    assert n_from_pairs(pairs + 1) is None
    assert n_from_pairs(pairs - 1) is (2 if pairs - 1 == 1 else None)


def test_the_condensed_form_is_that_of_scipy() -> None:
    points = np.random.default_rng(0).normal(size=(4, 3))
    rdm = RDM.from_square(squareform(pdist(points)), IDS, dissimilarity="euclidean")
    assert np.array_equal(rdm.values, pdist(points))
    assert np.array_equal(rdm.square(), squareform(pdist(points)))
    assert (rdm.n_stimuli, rdm.n_rdms) == (4, 1)


def test_a_stack_is_one_matrix_per_row() -> None:
    squares = np.stack([squareform(v) for v in stack().values])
    rdm = RDM.from_square(squares, IDS)
    assert np.array_equal(rdm.values, stack().values)
    assert np.array_equal(rdm.square(), squares)
    assert (rdm.n_stimuli, rdm.n_rdms) == (4, 4)


@given(st.integers(2, 7), st.data())
def test_selecting_is_the_submatrix(n: int, data) -> None:
    ids = [f"s{i}" for i in range(n)]
    chosen = data.draw(st.lists(st.sampled_from(ids), unique=True, min_size=2))
    values = np.random.default_rng(n).random((2, n * (n - 1) // 2))
    rows = [ids.index(c) for c in chosen]
    selected = RDM(values, tuple(ids)).select(chosen)
    assert selected.ids == tuple(chosen)
    for one, whole in zip(selected.square(), values, strict=True):
        assert np.array_equal(one, squareform(whole)[np.ix_(rows, rows)])


def test_the_mean_over_sessions_is_within_each_subject() -> None:
    rdm = stack()
    mean = rdm.mean("session")
    assert mean.labels.keys() == {"subject"}
    assert mean.labels["subject"].tolist() == ["p", "q"]
    assert np.allclose(
        mean.values, [(rdm.values[0] + rdm.values[2]) / 2, (rdm.values[1] + rdm.values[3]) / 2]
    )
    assert mean.ids == IDS


def test_the_mean_over_everything_is_one_matrix_without_labels() -> None:
    rdm = stack()
    assert np.allclose(rdm.mean().values, sum(rdm.values) / 4)
    assert rdm.mean().labels == {}
    assert np.array_equal(rdm.mean("session").mean("subject").values, rdm.mean("session").values.mean(axis=0))
    assert rdm.mean().mean("anything").digest == rdm.mean().digest


def test_a_label_that_is_not_there_is_refused(refused) -> None:
    with refused(UnknownNameError, "label", "'sesion'"):
        stack().mean("sesion")


@pytest.mark.parametrize("rdm", [stack(), RDM(np.array([0.1 + 0.2, -0.0, np.nan])), RDM(np.zeros((0, 3)))])
def test_saving_loses_nothing(rdm: RDM, tmp_path) -> None:
    loaded = RDM.load(rdm.save(tmp_path / "r.npz"))
    assert loaded.values.tobytes() == rdm.values.tobytes()
    assert (loaded.ids, loaded.dissimilarity, loaded.name) == (rdm.ids, rdm.dissimilarity, rdm.name)
    assert {k: (v.dtype, v.tolist()) for k, v in loaded.labels.items()} == {
        k: (v.dtype, v.tolist()) for k, v in rdm.labels.items()
    }
    assert loaded.digest == rdm.digest


CHANGES = {
    "value": {"values": stack().values * 2},
    "ids": {"ids": ("a", "d", "c", "b")},
    "labels": {"labels": {"subject": np.array(["p", "q", "p", "r"])}},
    "dissimilarity": {"dissimilarity": "euclidean"},
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_digest_counts_everything_but_the_name(change: str) -> None:
    fields = {k: getattr(stack(), k) for k in ("values", "ids", "labels", "dissimilarity", "name")}
    assert RDM(**fields | {"name": "x"}).digest == stack().digest
    assert RDM(**fields | CHANGES[change]).digest != stack().digest


NAN_ON_DIAGONAL = np.diag([np.nan, np.nan])
SIMILARITY = np.array([[1.0, 0.5], [0.5, 1.0]])
ONE_NAN = np.array([[0, np.nan, 1], [np.nan, 0, 2], [1, 5, 0.0]])


@pytest.mark.parametrize(
    ("square", "word"),
    [
        (np.zeros((2, 3)), "(2, 3)"),
        (np.zeros(4), "(4,)"),
        (np.array([[0, 1.0], [2, 0]]), "not symmetric"),
        (np.array([[0, 1.0], [1 + 1e-6, 0]]), "not symmetric"),
        (np.array([[0, np.nan], [1.0, 0]]), "not symmetric"),
        (ONE_NAN, "not symmetric"),
        (np.array([[0, np.inf], [1.0, 0]]), "not symmetric"),
        (SIMILARITY, "diagonal is not zero"),
        (NAN_ON_DIAGONAL, "diagonal is not zero"),
    ],
)
def test_a_matrix_that_is_no_rdm_is_refused(square, word, refused) -> None:
    with refused(ShapeError, word):
        RDM.from_square(square)


def test_rounding_in_a_square_matrix_is_forgiven() -> None:
    square = squareform(np.array([100.0, 200.0, 300.0]))
    square[0, 1] += 1e-9
    square[2, 2] = 1e-9
    assert np.allclose(RDM.from_square(square).values, [100, 200, 300])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"values": np.zeros(4)}, ("n(n-1)/2", "(4,)")),
        ({"values": np.zeros(0)}, ("n(n-1)/2", "(0,)")),
        ({"values": np.zeros((2, 2, 3))}, ("n(n-1)/2", "(2, 2, 3)")),
        ({"values": np.zeros(3), "ids": ("a", "b")}, ("2 ids", "3 stimuli")),
        ({"values": np.zeros((2, 3)), "labels": {"subject": ["a"]}}, ("labels", "2 RDMs")),
        ({"values": np.zeros(3), "labels": {"subject": ["a"]}}, ("labels", "0 RDMs")),
    ],
)
def test_lengths_that_do_not_fit_are_refused(fields, words, refused) -> None:
    with refused(ShapeError, *words):
        RDM(**fields)


def test_ids_are_needed_to_select_and_must_be_here_once(refused) -> None:
    with refused(IdentityError, "no stimulus ids"):
        RDM(np.zeros(3)).select(["a", "b"])
    with refused(IdentityError, "'z'"):
        stack().select(["a", "z"])
    with refused(IdentityError, "unique"):
        stack().select(["a", "a", "d"])


def test_an_incomplete_file_is_refused(tmp_path, refused) -> None:
    write_arrays(tmp_path / "r.npz", {"values": np.zeros(3)}, {"noun": "rdm", "name": "x"})
    with refused(FileError, "r.npz", "ids"):
        RDM.load(tmp_path / "r.npz")
    header = {"noun": "rdm", "name": "x", "ids": None, "dissimilarity": "d"}
    write_arrays(tmp_path / "r.npz", {}, header)
    with refused(FileError, "r.npz", "values"):
        RDM.load(tmp_path / "r.npz")
