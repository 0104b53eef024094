"""Reductions: distances kept within bounds, components as scikit-learn's, the name part of the result."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest
from extraction_models import STIMULI, Counting
from scipy.spatial.distance import pdist
from sklearn import decomposition, random_projection

from repalign.errors import InputError, TooFewError
from repalign.models import extract, extract_to_store
from repalign.models.reduction import reduction_named
from repalign.models.reduction_pca import PCA
from repalign.models.reduction_srp import SparseProjection
from repalign.models.store import RECIPE

ROWS = np.random.default_rng(1).normal(size=(40, 5000)).astype(np.float32)


def test_projection_keeps_distances_as_johnson_and_lindenstrauss_say():
    k = 2000
    before, after = pdist(ROWS), pdist(SparseProjection(k)(ROWS))
    error = (after / before) ** 2 - 1
    spread = math.sqrt(2 / k)  # of a squared distance, Li et al. (2006), lemma 2, for data without long tails
    assert abs(error.mean()) < 4 * spread / math.sqrt(40)
    assert 0.8 * spread < error.std() < 1.2 * spread
    assert abs(error).max() < 5 * spread


def test_the_matrix_is_what_scikit_learn_draws_up_to_the_draw():
    k, p = 600, 10_000
    ours = SparseProjection(k).matrix(p)
    theirs = random_projection.SparseRandomProjection(k, random_state=0).fit(np.zeros((1, p))).components_
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(np.abs(ours.data), np.abs(theirs.data[0]), rtol=1e-6)
    expected = k * math.sqrt(p)
    assert abs(ours.nnz - expected) < 5 * math.sqrt(expected)
    assert abs(theirs.nnz - expected) < 5 * math.sqrt(expected)
    assert abs((ours.data > 0).mean() - 0.5) < 5 * 0.5 / math.sqrt(expected)


def test_the_matrix_is_never_dense():
    tracemalloc.start()
    SparseProjection(4096).matrix(290_400)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.05 * 4096 * 290_400 * 4
    assert SparseProjection(4096).matrix_bytes(1, 290_400) < peak


def test_projection_depends_on_the_seed_and_on_nothing_else():
    assert np.array_equal(SparseProjection(64, 3)(ROWS), SparseProjection(64, 3)(ROWS))
    assert not np.array_equal(SparseProjection(64, 3)(ROWS), SparseProjection(64, 4)(ROWS))
    each = np.concatenate([SparseProjection(64)(ROWS[i : i + 7]) for i in range(0, 40, 7)])
    np.testing.assert_array_equal(each, SparseProjection(64)(ROWS))


@pytest.mark.parametrize("shape", [(40, 300), (300, 40), (60, 60)])
def test_components_are_those_of_scikit_learn_up_to_sign(shape):
    X = np.random.default_rng(2).normal(size=shape) * np.linspace(0.5, 3, shape[1]) + 7
    ours = PCA(10)(X)
    theirs = decomposition.PCA(10, svd_solver="full").fit_transform(X)
    signs = np.sign((ours * theirs).sum(axis=0))
    np.testing.assert_allclose(ours, theirs * signs, atol=1e-9)
    largest = np.abs(ours).argmax(axis=0)
    assert (ours[largest, range(10)] > 0).all()


@pytest.mark.parametrize("shape", [(40, 300), (300, 40)])
def test_components_do_not_depend_on_the_blocks_read_at_a_time(shape, monkeypatch):
    X = np.random.default_rng(2).normal(size=shape)
    whole = PCA(5)(X)
    monkeypatch.setattr("repalign.models.reduction_pca._BYTES_AT_ONCE", 5000)
    np.testing.assert_allclose(PCA(5)(X), whole, atol=1e-11)


@pytest.mark.parametrize("named", ["srp:5", "pca:5"])
def test_a_reduction_is_part_of_the_name_and_layers_with_fewer_units_stay(named, tmp_path):
    inside = extract(Counting(), STIMULI, reduction=named, store=tmp_path, batch_size=16)
    name = {"srp:5": "srp-5-seed0", "pca:5": "pca-5"}[named]
    assert list(inside.split()) == [f"wide({name})", f"narrow({name})"]
    assert inside.n_units == 10
    assert extract(Counting(), STIMULI, reduction=named, batch_size=16).digest == inside.digest
    (folder,) = extract_to_store(Counting(), STIMULI, "wide", reduction=named, store=tmp_path)
    assert f'"reduction": "{name}"' in (folder / RECIPE).read_text()
    seven = extract(Counting(), STIMULI, reduction=named.replace("5", "7"))
    assert list(seven.split()) == [f"wide({name.replace('5', '7')})", "narrow"]
    np.testing.assert_array_equal(
        seven.layer("narrow").array(), extract(Counting(), STIMULI, "narrow").values
    )


def test_components_come_from_the_store_without_showing_anything_again(tmp_path):
    whole = extract(Counting(), STIMULI, "wide", store=tmp_path)
    later = Counting()
    reduced = extract(later, STIMULI, "wide", reduction="pca:2", store=tmp_path)
    assert later.shown == []
    theirs = decomposition.PCA(2, svd_solver="full").fit_transform(whole.array().astype(np.float64))
    np.testing.assert_allclose(np.abs(reduced.values), np.abs(theirs), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("named", ["srp", "srp:0", "pca:-1", "umap:2", "pca:5-seed1", "srp:4.5"])
def test_reductions_that_make_no_sense_are_refused(named):
    with pytest.raises(InputError, match="there is no reduction") as caught:
        extract(Counting(), STIMULI, reduction=named)
    assert "'srp:K'" in caught.value.hint


def test_more_components_than_stimuli_allow_are_refused(tmp_path):
    few = STIMULI.select(STIMULI.ids[:10])
    for store in (None, tmp_path):
        with pytest.raises(TooFewError, match="10 stimuli have 9 principal components; 20 were asked for"):
            extract(Counting(), few, "wide", reduction="pca:20", store=store)


def test_names_of_reductions_are_read_back():
    for named in ("srp-4096-seed0", "srp-10-seed7", "pca-100"):
        assert reduction_named(named).name == named
    assert reduction_named("srp:4096") == SparseProjection(4096, 0)
    assert reduction_named(None) is None
