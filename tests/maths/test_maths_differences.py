"""Laws of comparing models: what interval and p rest on, antisymmetry, ceilings, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from repalign.errors import TooFewError
from repalign.maths.bootstrap import bootstrap_models
from repalign.maths.ceiling import rdm_ceiling
from repalign.maths.comparison import compare
from repalign.maths.differences import ceiling_differences, model_differences, model_scores
from repalign.maths.jackknife_rdms import jackknife_models
from repalign.maths.resampling import from_draws
from repalign.seeds import rng


def sides(n: int = 20, n_subjects: int = 6) -> tuple[np.ndarray, np.ndarray]:
    generator = rng(170)
    Z = generator.normal(size=(n, 5))
    subjects = np.stack([pdist(Z + generator.normal(size=Z.shape), "sqeuclidean") for _ in range(n_subjects)])
    models = [Z, Z[:, :2], generator.normal(size=(n, 5))]
    return np.stack([pdist(each, "sqeuclidean") for each in models]), subjects


def sampled(method: str, n: int = 20, n_subjects: int = 6):
    models, subjects = sides(n, n_subjects)
    if method == "bootstrap":
        return bootstrap_models(models, subjects, "pearson", 200, rng(171))
    return jackknife_models(models, subjects, "pearson", rng(171), ceilings=n_subjects > 2)


BOTH = pytest.mark.parametrize("method", ["bootstrap", "jackknife"])


@BOTH
@pytest.mark.parametrize("over", [None, "both", "subjects", "stimuli"])
def test_interval_and_p_follow_from_the_uncertainty_of_the_mean(method, over):
    models, subjects = sides()
    found = model_scores(sampled(method), over, level=0.9)
    np.testing.assert_allclose(
        [each.value for each in found], compare(models, subjects, "pearson").mean(axis=1)
    )
    for each in found:
        assert each.interval == each.uncertainty.interval(each.value, 0.9)
        assert each.p == each.uncertainty.p(each.value)


@BOTH
def test_differences_are_those_of_the_scores_and_change_sign_with_the_order(method):
    one = sampled(method)
    scores, found = model_scores(one), model_differences(one)
    assert sorted(found) == [(0, 1), (0, 2), (1, 2)]
    for (i, j), each in found.items():
        assert each.value == pytest.approx(scores[i].value - scores[j].value)
        back = one.uncertainty(np.eye(3)[j] - np.eye(3)[i])
        assert back.variance == pytest.approx(each.uncertainty.variance)
    assert found[0, 2].p < 0.05 < scores[2].p


def test_a_difference_is_more_certain_than_two_scores_that_share_stimuli():
    one = sampled("bootstrap")
    drawn = one.drawn[:, 0] - one.drawn[:, 1]
    expected = from_draws(one.scores[0] - one.scores[1], drawn, 20, one.counts)
    found = model_differences(one)[0, 1].uncertainty
    assert (found.variance, found.freedom) == pytest.approx((expected.variance, expected.freedom))
    apart = one.uncertainty(np.array([1.0, 0, 0])).variance + one.uncertainty(np.array([0, 1.0, 0])).variance
    assert found.variance < apart


@BOTH
@pytest.mark.parametrize("bound", ["lower", "upper"])
def test_models_are_held_against_the_ceiling(method, bound):
    ceiling = rdm_ceiling(sides()[1], "pearson")[bound == "upper"]
    one = sampled(method)
    found = ceiling_differences(one, rng(172), bound)
    for score, each in zip(model_scores(one), found, strict=True):
        assert each.value == pytest.approx(score.value - ceiling)
        assert each.p == each.uncertainty.p_below(each.value)
    assert found[2].p < 0.05  # unrelated
    if bound == "lower":
        assert found[0].p > 0.05  # the geometry that all subjects share


def test_a_distance_is_held_against_its_ceiling_from_above():
    models, subjects = sides(12, 4)
    one = jackknife_models(models, subjects, "euclidean", rng(173), ceilings=True)
    for each in ceiling_differences(one, rng(0)):
        assert each.p == each.uncertainty.p_above(each.value)


def test_both_methods_agree_where_both_apply():
    boot, jack = (sampled(method, 40, 12) for method in ("bootstrap", "jackknife"))
    for weights in (np.array([1.0, 0, 0]), np.array([1.0, -1, 0])):
        for over in ("both", "subjects", "stimuli"):
            ratio = boot.uncertainty(weights, over).variance / jack.uncertainty(weights, over).variance
            assert 0.6 < ratio < 1.5


@BOTH
def test_one_subject_generalises_to_stimuli_only(method):
    one = sampled(method, n_subjects=1)
    freedom = model_scores(one)[0].uncertainty.freedom
    assert freedom == 19 if method == "bootstrap" else 1 <= freedom <= 19
    with pytest.raises(TooFewError, match="one subject says nothing about others"):
        model_scores(one, "both")
    with pytest.raises(TooFewError, match="no noise ceiling"):
        ceiling_differences(one, rng(0))


@BOTH
def test_below_ten_stimuli_there_is_no_interval_but_over_subjects(method):
    one = sampled(method, n=9)
    assert model_scores(one, "subjects")[0].uncertainty.freedom == 5
    for over in ("both", "stimuli"):
        with pytest.raises(TooFewError, match="9 stimuli: no interval below 10"):
            model_differences(one, over)
