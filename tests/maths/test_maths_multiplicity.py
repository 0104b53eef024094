"""Laws of many tests: scipy's adjustment, error rates kept by simulation, equivalence as an interval."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import false_discovery_control
from scipy.stats import t as student_t

from repalign.errors import DegenerateError, InputError
from repalign.maths import CORRECTIONS, benjamini_hochberg, equivalence_p, holm
from repalign.seeds import rng


@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_benjamini_hochberg_is_scipys(n):
    p = np.round(rng(70, n).random(n) ** 2, 2)  # with ties
    np.testing.assert_allclose(benjamini_hochberg(p), false_discovery_control(p), atol=1e-15)


@pytest.mark.parametrize("n", [1, 2, 7, 40])
def test_holm_rejects_exactly_what_stepping_down_rejects(n):
    p = np.round(rng(71, n).random(n) ** 4, 3)
    adjusted = holm(p)
    for level in (0.01, 0.05, 0.2):
        rejected = np.zeros(n, dtype=bool)
        for step, test in enumerate(np.argsort(p, kind="stable")):
            if p[test] * (n - step) > level:
                break
            rejected[test] = True
        np.testing.assert_array_equal(adjusted <= level, rejected)


def test_both_keep_their_rate_when_nothing_is_true():
    p = rng(72, "null").random((4000, 10))
    for correct in CORRECTIONS.values():
        rate = np.mean([correct(each).min() <= 0.05 for each in p])
        assert rate == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 4000))


@pytest.mark.parametrize("correct", CORRECTIONS.values())
def test_order_does_not_matter_and_nothing_falls_below_the_p_given(correct):
    p = rng(73, "order").random(20)
    order = rng(73, "permutation").permutation(20)
    np.testing.assert_array_equal(correct(p[order]), correct(p)[order])
    assert (correct(p) >= p).all()
    assert (correct(p) <= 1).all()


@pytest.mark.parametrize("bad", [-0.1, 1.2, np.nan])
def test_what_is_no_p_is_refused(bad):
    with pytest.raises(DegenerateError, match="position 1 first"):
        holm([0.2, bad])


@pytest.mark.parametrize("margin", [0.05, 0.1, 0.3])
def test_equivalence_at_5_per_cent_is_a_90_per_cent_interval_within_the_margin(margin):
    for difference in np.linspace(-0.2, 0.2, 9):
        half = student_t.ppf(0.95, 11) * 0.04
        within = -margin < difference - half and difference + half < margin
        assert (equivalence_p(float(difference), 0.04**2, 11, margin) < 0.05) == within


def test_a_difference_at_the_margin_is_found_equivalent_at_the_level():
    g = rng(74, "tost")
    x = g.normal(0.1, 1.0, size=(20000, 12)) * 0.1 + 0.09  # mean 0.1 = margin
    p = [equivalence_p(m, v / 12, 11, 0.1) for m, v in zip(x.mean(1), x.var(1, ddof=1), strict=True)]
    assert np.mean(np.array(p) <= 0.05) == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 20000))


def test_a_margin_of_nothing_and_a_variance_of_nothing_are_refused():
    with pytest.raises(InputError, match="margin"):
        equivalence_p(0.1, 1.0, 5, 0.0)
    with pytest.raises(DegenerateError, match="variance"):
        equivalence_p(0.1, 0.0, 5, 0.1)
