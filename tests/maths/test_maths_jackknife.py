"""Laws of the jackknife: closed forms, the analysis of variance of two crossed factors, unbiasedness."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from repalign.errors import ShapeError, TooFewError, UnsuitableError
from repalign.maths.ceiling import rdm_ceiling
from repalign.maths.comparison import compare
from repalign.maths.jackknife import (
    from_jackknife,
    jackknife,
    leave_one_out_variance,
    two_way_jackknife,
)
from repalign.maths.jackknife_rdms import jackknife_models
from repalign.maths.spread import spread_freedom
from repalign.maths.uncertainty import Uncertainty
from repalign.seeds import rng


@pytest.mark.parametrize("n", [2, 7, 40])
def test_the_jackknife_variance_of_a_mean_is_its_closed_form(n):
    x = rng(121, n).normal(size=n)
    left_out, groups = jackknife(lambda rows: np.array([x[rows].mean()]), n, rng(122))
    assert groups == n
    found = from_jackknife(np.array([x.mean()]), left_out, n)
    assert found.variance == pytest.approx(x.var(ddof=1) / n)
    assert found.freedom == pytest.approx(spread_freedom(x))  # leaving out moves a mean in proportion


@pytest.mark.parametrize(("n", "groups"), [(60, 12), (65, 12)])
def test_groups_are_left_out_whole_once_each_and_the_variance_stays_unbiased(n, groups):
    x, found = rng(123, n).normal(size=n), []
    for repetition in range(400):
        seen: list[np.ndarray] = []

        def mean(rows: np.ndarray, seen: list[np.ndarray] = seen) -> np.ndarray:
            seen.append(rows)
            return np.array([x[rows].mean()])

        left_out, count = jackknife(mean, n, rng(124, repetition), groups)
        found.append(from_jackknife(np.array([x.mean()]), left_out, n).variance)
        assert count == len(seen) == groups
        assert (np.bincount(np.concatenate(seen), minlength=n) == groups - 1).all()
        assert {n - len(rows) for rows in seen} <= {n // groups, -(-n // groups)}
    error = 4 * np.std(found) / np.sqrt(len(found))
    assert np.mean(found) == pytest.approx(x.var(ddof=1) / n, abs=error + (0.03 / n if n % groups else 0))


def table(n: int, n_subjects: int, *words: int) -> np.ndarray:
    """Subjects x stimuli: effects of both and of each pair of them."""
    generator = rng(125, *words)
    return (
        generator.normal(size=(n, n_subjects))
        + generator.normal(size=(n, 1))
        + generator.normal(size=n_subjects)
    )


def of_table(y: np.ndarray) -> Uncertainty:
    left_out, _ = jackknife(lambda rows: y[rows].mean(axis=0), len(y), rng(126))
    return from_jackknife(y.mean(axis=0), left_out, len(y))


def test_of_a_table_it_is_the_analysis_of_variance_of_two_crossed_factors():
    y = table(9, 5)
    n, r = y.shape
    rows, columns = y.mean(axis=1), y.mean(axis=0)
    residual = y - rows[:, None] - columns + y.mean()
    interaction = (residual**2).sum() / ((n - 1) * (r - 1))
    expected = rows.var(ddof=1) / n + columns.var(ddof=1) / r - interaction / (n * r)
    assert of_table(y).variance == pytest.approx(expected)


def test_it_is_unbiased_for_other_subjects_and_other_stimuli():
    # Variance of the grand mean: 1/9 + 1/5 + 1/45.
    found = [of_table(table(9, 5, repetition)).variance for repetition in range(500)]
    assert np.mean(found) == pytest.approx(1 / 9 + 1 / 5 + 1 / 45, abs=4 * np.std(found) / np.sqrt(500))


def test_it_is_never_below_either_factor_alone():
    y = rng(127).normal(size=(9, 5))
    n, r = y.shape
    y = y - y.mean(axis=0)  # no subject effect: the interaction is all that its variance holds
    assert of_table(y).variance >= max(y.mean(axis=1).var(ddof=1) / n, y.mean(axis=0).var(ddof=1) / r)


def test_subjects_left_out_explicitly_give_the_same():
    y = table(7, 4)
    n, r = y.shape
    both = np.array([[np.delete(np.delete(y, i, 0), s, 1).mean() for s in range(r)] for i in range(n)])
    stimuli = np.array([np.delete(y, i, 0).mean() for i in range(n)])
    subjects = np.array([np.delete(y, s, 1).mean() for s in range(r)])
    explicit, fast = two_way_jackknife(stimuli, subjects, both), of_table(y)
    assert explicit.variance == pytest.approx(fast.variance)
    assert explicit.freedom == pytest.approx(fast.freedom)
    assert r - 1 <= fast.freedom <= n + r - 2


def rdms(n: int = 11) -> tuple[np.ndarray, np.ndarray]:
    generator = rng(128)
    Z = generator.normal(size=(n, 4))
    subjects = np.stack([pdist(Z + generator.normal(size=Z.shape), "sqeuclidean") for _ in range(4)])
    return np.stack([pdist(Z, "sqeuclidean"), pdist(Z[:, :2], "sqeuclidean")]), subjects


@pytest.mark.parametrize("name", ["tau-a", "whitened-cosine", "spearman", "bures"])
def test_models_are_compared_without_each_stimulus_in_turn(name):
    models, subjects = rdms()
    found = jackknife_models(models, subjects, name, rng(129))
    np.testing.assert_allclose(found.scores, compare(models, subjects, name))

    def without(i: int) -> np.ndarray:
        def cut(side: np.ndarray) -> np.ndarray:
            return np.stack([squareform(np.delete(np.delete(squareform(x), i, 0), i, 1)) for x in side])

        return compare(cut(models), cut(subjects), name)

    expected = np.stack([without(i) for i in range(11)])
    # Which stimulus is left out first is drawn.
    np.testing.assert_allclose(np.sort(found.left_out, axis=0), np.sort(expected, axis=0), atol=1e-12)


def test_ceilings_are_computed_without_each_subject_and_stimulus():
    models, subjects = rdms()
    found = jackknife_models(models, subjects, "whitened-cosine", rng(129), ceilings=True)
    assert found.ceiling == pytest.approx(rdm_ceiling(subjects, "whitened-cosine"))
    without = rdm_ceiling(subjects[[0, 2, 3]], "whitened-cosine")
    np.testing.assert_allclose(found.without_subject[1], without)
    stimuli = found.left_out[:, 1].mean(axis=1) - found.without_stimulus[:, 0]
    others = [np.delete(found.scores[1], r).mean() - found.without_subject[r, 0] for r in range(4)]
    for over, left_out in (("stimuli", stimuli), ("subjects", np.array(others))):
        alone = found.ceiling_uncertainties("lower", over, rng(0))[1]
        assert alone == Uncertainty(pytest.approx(leave_one_out_variance(left_out)), len(left_out) - 1)
    both = found.ceiling_uncertainties("lower", "both", rng(0))[1]
    total = leave_one_out_variance(stimuli) + leave_one_out_variance(np.array(others))
    assert both == Uncertainty(pytest.approx(total), 3)


def test_what_cannot_be_left_out_is_refused():
    models, subjects = rdms()
    with pytest.raises(TooFewError, match="at least 3 are needed"):
        jackknife_models(models, subjects[:2], "tau-a", rng(0), ceilings=True)
    with pytest.raises(UnsuitableError, match="no ceilings were computed"):
        jackknife_models(models, subjects, "tau-a", rng(0)).ceiling_uncertainties("lower", None, rng(0))
    with pytest.raises(ShapeError, match="do not fit 8 stimuli"):
        from_jackknife(np.zeros(4), np.zeros((9, 4)), 8)
    with pytest.raises(ShapeError, match="not \\(3, 2\\)"):
        two_way_jackknife(np.zeros(3), np.zeros(2), np.zeros((2, 3)))
    with pytest.raises(TooFewError, match="of 1 unit"):
        leave_one_out_variance(np.zeros(1))
