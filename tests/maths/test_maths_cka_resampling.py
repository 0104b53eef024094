"""Laws of debiased CKA with stimuli left out or permuted: the same numbers as one after the other."""

from __future__ import annotations

import numpy as np
import pytest

from repalign.errors import DegenerateError, TooFewError
from repalign.maths.cka_resampling import cka_left_out, cka_permutation_p
from repalign.maths.kernels import linear_cka_debiased
from repalign.maths.permutation import permutation_p
from repalign.seeds import rng


def sides(n: int, offset: float = 0.0) -> tuple[np.ndarray, list[np.ndarray]]:
    generator = rng(n, "cka resampling")
    X = generator.normal(size=(n, 7)) + offset
    return X, [0.3 * X @ generator.normal(size=(7, q)) + generator.normal(size=(n, q)) for q in (3, 40)]


@pytest.mark.parametrize(("n", "offset"), [(7, 0.0), (20, 0.0), (33, 100.0)])
def test_left_out_scores_are_those_of_the_other_stimuli(n, offset):
    X, Ys = sides(n, offset)
    expected = [
        [linear_cka_debiased(np.delete(X, i, axis=0), np.delete(Y, i, axis=0)) for Y in Ys] for i in range(n)
    ]
    np.testing.assert_allclose(cka_left_out(X, Ys), expected, rtol=1e-9, atol=1e-12)


def test_p_is_that_of_permuting_the_rows():
    X, Ys = sides(15)

    def permuted(order: np.ndarray) -> float:
        return float(np.mean([linear_cka_debiased(X[order], Y) for Y in Ys]))

    expected = permutation_p(permuted, 15, 99, rng(0, "orders"))
    assert cka_permutation_p(X, Ys, 99, rng(0, "orders")) == expected


def test_equal_sides_are_one_whatever_is_left_out():
    X, _ = sides(12)
    np.testing.assert_allclose(cka_left_out(X, [3 * X + 1]), 1.0, rtol=1e-12)
    assert cka_permutation_p(X, [X], 99, rng(0, "orders")) == 1 / 100


def test_equidistant_stimuli_are_refused():
    X, _ = sides(8)
    with pytest.raises(DegenerateError, match="not positive"):
        cka_left_out(X, [np.eye(8)])
    with pytest.raises(DegenerateError, match="not positive"):
        cka_permutation_p(np.eye(8), [X], 9, rng(0, "orders"))


def test_four_stimuli_are_too_few_to_leave_one_out():
    X, Ys = sides(4)
    with pytest.raises(TooFewError, match="at least 5"):
        cka_left_out(X, Ys)
