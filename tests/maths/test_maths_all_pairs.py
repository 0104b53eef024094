"""Laws of all pairs at once: the functions of two, in any memory, of arrays and of tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from repalign.errors import DegenerateError, ShapeError, TooFewError, UnknownNameError
from repalign.maths import (
    DISSIMILARITIES,
    compare,
    linear_cka,
    linear_cka_debiased,
    procrustes_angular_distance,
)
from repalign.maths.all_pairs import ALL_PAIRS, all_pairs
from repalign.seeds import rng

DIRECT = {
    "cka-linear-biased": linear_cka,
    "cka-linear-debiased": linear_cka_debiased,
    "procrustes-angular-distance": procrustes_angular_distance,
}
RSA = [name for name in ALL_PAIRS if name.startswith("rsa")]


def of_two(measure: str):
    if measure in DIRECT:
        return DIRECT[measure]
    within, between = next(
        (d, measure.removeprefix(f"rsa-{d}-"))
        for d in DISSIMILARITIES
        if measure.removeprefix(f"rsa-{d}-") in ("pearson", "cosine", "spearman", "rho-a")
    )
    return lambda x, y: float(compare(DISSIMILARITIES[within](x), DISSIMILARITIES[within](y), between))


def models(n: int = 31, widths: tuple[int, ...] = (5, 17, 40, 3)) -> list[np.ndarray]:
    """Related models of different widths, with stimuli that two of them cannot tell apart."""
    generator = rng(60, n, *widths)
    shared = generator.normal(size=(n, 4))
    found = [shared @ generator.normal(size=(4, p)) + generator.normal(size=(n, p)) + 3 for p in widths]
    for X in found[:2]:
        X[n // 2 : n // 2 + 3] = X[:3]
    return found


@pytest.mark.parametrize("memory", [2e9, 30_000, 1], ids=["at once", "in blocks", "one by one"])
@pytest.mark.parametrize("measure", ALL_PAIRS)
def test_all_pairs_are_the_function_of_two(measure, memory):
    sides, function = models(), of_two(measure)
    expected = [[function(x, y) for x in sides] for y in sides]
    found = all_pairs(sides, measure, memory=memory)
    np.testing.assert_allclose(found, expected, atol=1e-10)
    np.testing.assert_array_equal(found, found.T)


@pytest.mark.parametrize("measure", ALL_PAIRS)
def test_tensors_give_the_same_numbers(measure):
    sides = models()
    expected = all_pairs(sides, measure)
    ranks = measure.endswith(("spearman", "rho-a"))
    for dtype, tolerance in ((torch.float64, 1e-10), (torch.float32, 1e-4 if ranks else 1e-5)):
        found = all_pairs([torch.as_tensor(side, dtype=dtype) for side in sides], measure)
        np.testing.assert_allclose(found, expected, atol=tolerance)


@pytest.mark.parametrize(
    "measure", ["rsa-correlation-spearman", "rsa-cosine-rho-a", "rsa-euclidean-spearman"]
)
def test_categorical_models_are_ranked_with_their_ties(measure):
    classes = np.eye(3)[np.arange(24) % 3]
    sides = [classes + 1, *models(24, (6, 9))]
    function = of_two(measure)
    expected = [[function(x, y) for x in sides] for y in sides]
    np.testing.assert_allclose(all_pairs(sides, measure), expected, atol=1e-10)
    tensors = [torch.as_tensor(side) for side in sides]
    np.testing.assert_allclose(all_pairs(tensors, measure), expected, atol=1e-10)


@pytest.mark.parametrize("measure", ["rsa-correlation-pearson", "cka-linear-debiased"])
def test_an_order_of_stimuli_shared_by_all_changes_nothing(measure):
    order = rng(61).permutation(31)
    np.testing.assert_allclose(
        all_pairs([side[order] for side in models()], measure), all_pairs(models(), measure), atol=1e-12
    )


@pytest.mark.parametrize(
    "measure", ["rsa-cosine-spearman", "cka-linear-biased", "procrustes-angular-distance"]
)
def test_tensors_that_require_gradients_are_taken_as_numbers(measure):
    sides = [torch.nn.Parameter(torch.as_tensor(side)) for side in models()]
    np.testing.assert_allclose(all_pairs(sides, measure), all_pairs(models(), measure), atol=1e-10)


@pytest.mark.parametrize("measure", ALL_PAIRS)
def test_one_model_is_compared_with_itself(measure):
    value = all_pairs(models()[3:], measure)
    expected = 0.0 if measure.startswith("procrustes") else 1.0
    assert value.shape == (1, 1)
    assert value[0, 0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("measure", RSA)
def test_a_constant_rdm_is_refused_and_its_model_named(measure):
    between = measure.removeprefix("rsa-").split("-", 1)[1]
    if "rho-a" in measure or between.endswith("cosine"):
        pytest.skip("rho-a of ties is 0, and a constant RDM has a direction")
    # One-hot patterns are equidistant.
    sides = [*models(8, (4, 5)), np.eye(8)]
    with pytest.raises(DegenerateError, match="model 2: the RDM is constant"):
        all_pairs(sides, measure)


def test_bad_input_is_refused_and_the_model_named():
    sides = models()
    with pytest.raises(UnknownNameError, match="cka-linear-debias"):
        all_pairs(sides, "cka-linear-debias")
    with pytest.raises(TooFewError, match="no models"):
        all_pairs([], ALL_PAIRS[0])
    with pytest.raises(ShapeError, match="31 stimuli and model 2 has 30"):
        all_pairs([*sides[:2], sides[2][:30]], ALL_PAIRS[0])
    with pytest.raises(TooFewError, match="model 0 has 3 stimuli; at least 4"):
        all_pairs([side[:3] for side in sides], "cka-linear-debiased")
    with pytest.raises(DegenerateError, match="model 1 gives the same response"):
        all_pairs([sides[0], np.ones((31, 2))], "procrustes-angular-distance")
    with pytest.raises(DegenerateError, match="model 2: the own HSIC estimate is not positive"):
        all_pairs([*models(8, (3, 3)), np.eye(8)], "cka-linear-debiased")
    sides[1][7, 0] = np.nan
    for measure in ("rsa-cosine-spearman", "cka-linear-biased"):
        with pytest.raises(DegenerateError, match=r"model 1 is NaN.*row 7"):
            all_pairs(sides, measure)
