"""Laws of shared neighbours: scikit-learn, naive transcriptions, ties, chance, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

from repalign.errors import DegenerateError, InputError, ShapeError, TooFewError
from repalign.maths import linear_cka_debiased, nearest
from repalign.maths.neighbours import cknna, knn_jaccard, knn_rank_similarity, mutual_knn, second_order_cosine
from repalign.seeds import rng

ALL = (mutual_knn, knn_jaccard, knn_rank_similarity, second_order_cosine, cknna)


def pair(seed, n=41, p=5, q=8):
    generator = rng(seed, "neighbours", n)
    x = generator.normal(size=(n, p)) + 0.5
    return x, np.column_stack([x[:, :2], generator.normal(size=(n, q - 2))])


def near(X, k):
    """Positions of the k nearest by scikit-learn, nearest first."""
    return NearestNeighbors(n_neighbors=k, metric="cosine").fit(X).kneighbors(return_distance=False)


@pytest.mark.parametrize("k", [1, 2, 10, 39, 40])
def test_neighbours_are_those_of_scikit_learn(k):
    X, Y = pair(1)
    sets = [(set(a), set(b)) for a, b in zip(near(X, k), near(Y, k), strict=True)]
    shared = [len(a & b) / k for a, b in sets]
    assert mutual_knn(X, Y, k) == pytest.approx(np.mean(shared), abs=1e-13)
    assert knn_jaccard(X, Y, k) == pytest.approx(
        np.mean([len(a & b) / len(a | b) for a, b in sets]), abs=1e-13
    )


@pytest.mark.parametrize("k", [1, 3, 10, 40])
def test_rank_similarity_is_its_formula(k):
    X, Y = pair(2)
    scores = []
    for a, b in zip(near(X, k).tolist(), near(Y, k).tolist(), strict=True):
        ranks = [(a.index(j) + 1, b.index(j) + 1) for j in a if j in b]
        total = sum(2 / ((1 + abs(r - s)) * (r + s)) for r, s in ranks)
        scores.append(total / sum(1 / m for m in range(1, len(ranks) + 1)) if ranks else 0)
    assert knn_rank_similarity(X, Y, k) == pytest.approx(np.mean(scores), abs=1e-13)


@pytest.mark.parametrize("distances", [False, True])
def test_second_order_cosine_is_its_formula(distances):
    X, Y = pair(3)
    sides = [cdist(side, side, "cosine") if distances else 1 - cdist(side, side, "cosine") for side in (X, Y)]
    scores = []
    for i, (a, b) in enumerate(zip(near(X, 6), near(Y, 6), strict=True)):
        either = sorted({*a.tolist(), *b.tolist()})
        u, v = (side[i, either] for side in sides)
        scores.append(u @ v / np.linalg.norm(u) / np.linalg.norm(v))
    assert second_order_cosine(X, Y, 6, distances=distances) == pytest.approx(np.mean(scores), abs=1e-11)


def test_cknna_over_all_neighbours_is_debiased_cka_of_unit_patterns():
    X, Y = pair(4)
    unit = [side / np.linalg.norm(side, axis=1, keepdims=True) for side in (X, Y)]
    assert cknna(X, Y, 40) == pytest.approx(linear_cka_debiased(*unit), abs=1e-11)


def test_cknna_is_its_formula_over_the_selected_pairs():
    X, Y = pair(5, n=15)
    n, k = 15, 4
    K, L = (1 - cdist(side, side, "cosine") for side in (X, Y))
    masks = [np.zeros((n, n)) for _ in range(2)]
    for mask, side in zip(masks, (X, Y), strict=True):
        np.put_along_axis(mask, near(side, k), 1, axis=1)

    def hsic(A, B):
        rows = (A.sum(1), B.sum(1))
        total = A.sum() * B.sum() / ((n - 1) * (n - 2))
        return ((A * B).sum() + total - 2 * rows[0] @ rows[1] / (n - 2)) / (n * (n - 3))

    both = masks[0] * masks[1]
    own = hsic(masks[0] * K, masks[0] * K) * hsic(masks[1] * L, masks[1] * L)
    assert cknna(X, Y, k) == pytest.approx(hsic(both * K, both * L) / np.sqrt(own), abs=1e-11)


@pytest.mark.parametrize("measure", [mutual_knn, knn_jaccard, second_order_cosine, cknna])
def test_ties_do_not_hang_on_the_order_of_stimuli(measure):
    generator = rng(6)
    X, Y = (generator.integers(0, 3, size=(30, 3)) + np.eye(3)[0] for _ in range(2))
    found = measure(X, Y, 5)
    for _ in range(5):
        order = generator.permutation(30)
        assert measure(X[order], Y[order], 5) == pytest.approx(found, abs=1e-12)
    assert measure(X, 3.0 * X, 5) == pytest.approx(1, abs=1e-12)


def test_stimuli_that_tie_share_the_places_left():
    # Stimuli 1, 2, 3 are equally far from 0 in X; in Y stimulus 1 is the nearest.
    X = np.array([[1.0, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 1]])
    block = next(nearest.blocks(X, X, 2))
    assert block.degrees[0][0] == pytest.approx([0, 2 / 3, 2 / 3, 2 / 3])
    assert block.degrees[0].sum(axis=1) == pytest.approx(2)


def test_ranks_that_tie_are_refused_and_the_stimulus_is_named():
    X = rng(7).normal(size=(12, 3))
    X[4] = 2 * X[9]
    with pytest.raises(DegenerateError, match="equal distance") as refusal:
        knn_rank_similarity(X, X, 11)
    assert set(refusal.value.rows) == set(range(12)) - {4, 9}


def test_blocks_give_what_the_whole_gives(monkeypatch):
    X, Y = pair(8)
    whole = [measure(X, Y, 7) for measure in ALL]
    monkeypatch.setattr(nearest, "_BLOCK_ENTRIES", 150)
    assert [measure(X, Y, 7) for measure in ALL] == pytest.approx(whole, abs=1e-12)


def test_chance_of_mutual_neighbours_is_k_over_n_less_one():
    generator = rng(9)
    draws = [mutual_knn(*generator.normal(size=(2, 40, 6)), 5) for _ in range(200)]
    error = np.std(draws) / np.sqrt(len(draws))
    assert np.mean(draws) == pytest.approx(5 / 39, abs=4 * error)


@pytest.mark.parametrize("measure", ALL)
def test_too_many_neighbours_zeros_and_differing_numbers_are_refused(measure):
    X, Y = pair(10, n=12)
    with pytest.raises(TooFewError, match="at most 11 neighbours"):
        measure(X, Y, 12)
    with pytest.raises(InputError, match="at least 1 neighbour"):
        measure(X, Y, 0)
    with pytest.raises(ShapeError, match="12 stimuli and Y has 11"):
        measure(X, Y[:11], 3)
    X[5] = 0
    with pytest.raises(DegenerateError, match="row 5 first"):
        measure(X, Y, 3)


def test_doubled_stimuli_leave_cosine_distances_without_direction():
    X = np.repeat(rng(11).normal(size=(5, 3)), 3, axis=0)
    with pytest.raises(DegenerateError, match="no direction"):
        second_order_cosine(X, X, 2, distances=True)
