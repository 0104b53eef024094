"""Laws of the encoding measures: recipes of published tools, ids, refusals, layers as bands."""

from __future__ import annotations

import csv
import pickle
from dataclasses import replace

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model import LinearRegression, Ridge, RidgeCV
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold, StratifiedShuffleSplit

from repalign.data import RDM, Assembly
from repalign.errors import DegenerateError, InputError, TooFewError, UnknownNameError, UnsuitableError
from repalign.maths.regression import by_ols, by_ridge, held_out_predictions
from repalign.metrics import measure
from repalign.metrics.catalogue.encoding import ALIASES, MEMBERS
from repalign.metrics.encoding import Encoding, banded_encoding
from repalign.seeds import rng
from repalign.testing import check_measure

GCV = measure("encoding-ridge-gcv-5fold-pearson-median")
IDS = tuple(f"s{i:03d}" for i in range(60))


def responses(n: int = 60, p: int = 8, subjects: int = 2) -> tuple[Assembly, Assembly]:
    generator = rng(120, n, p)
    x = generator.normal(size=(n, p))
    y = np.stack([x @ generator.normal(size=(p, 5)) + generator.normal(size=(n, 5)) for _ in range(subjects)])
    names = tuple(f"subject-{s}" for s in range(subjects))
    return Assembly(x, IDS[:n], name="model"), Assembly(y, IDS[:n], leading="subject", labels=names)


@pytest.mark.parametrize("member", MEMBERS, ids=lambda m: m.id)
def test_every_member_keeps_what_it_declares(member):
    assert check_measure(member) == []


@pytest.mark.parametrize("name", [m.id for m in MEMBERS if isinstance(m, Encoding)])
def test_the_id_alone_rebuilds_the_measure(name):
    """Registered members and ids of a family are one recipe: the same scores."""
    other = measure(name.replace("5fold", "4fold"))
    assert (other.n_folds, other.id) == (4, name.replace("5fold", "4fold"))
    model, target = responses(p=30)
    again = replace(other, n_folds=5)
    np.testing.assert_array_equal(again.scores(model, target), measure(name).scores(model, target))


@pytest.mark.parametrize("score", ["pearson", "r2"])
@pytest.mark.parametrize("summary", ["median", "mean"])
def test_scores_are_those_of_sklearn_fold_by_fold(score, summary):
    model, target = responses()
    found = measure(f"encoding-ols-5fold-{score}-{summary}")
    fits = found.fits(model, target, 3)
    x = np.asarray(model.values)
    for y, fit, value in zip(target.array(), fits, found.scores(model, target, seed=3), strict=True):
        each = []
        for fold in range(5):
            held = fit.folds == fold
            predicted = LinearRegression().fit(x[~held], y[~held]).predict(x[held])
            r = [np.corrcoef(y[held][:, u], predicted[:, u])[0, 1] for u in range(5)]
            each.append(r if score == "pearson" else r2_score(y[held], predicted, multioutput="raw_values"))
        assert value == pytest.approx(getattr(np, summary)(np.mean(each, axis=0)), abs=1e-10)


@pytest.mark.parametrize("name", ["ridge-cv", "pls3"])
def test_values_follow_from_the_fits(name):
    model, target = responses()
    made = measure(f"encoding-{name}-5fold-r2-mean")
    fits = made.fits(model, target, 0)
    np.testing.assert_array_equal(made.summarise(fits), made.scores(model, target))
    counts = np.ones(60)
    assert fits[0].value(counts) == pytest.approx(fits[0].value(), abs=1e-12)
    assert fits[0].median() == np.median(fits[0].units())


def test_a_measure_can_be_sent_to_another_process():
    model, target = responses(p=30)
    for member in MEMBERS:
        sent = pickle.loads(pickle.dumps(member))  # noqa: S301 - our own bytes
        np.testing.assert_array_equal(sent.scores(model, target), member.scores(model, target))


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("encoding-ridge-cv-2fold-pearson-median", InputError, "at least 3 folds; saw 2"),
        ("encoding-ols-1fold-r2-mean", InputError, "at least 2 folds; saw 1"),
        ("encoding-pls0-5fold-r2-mean", InputError, "at least 1 component; saw 0"),
        ("encoding-ridge-lambda0-5fold-r2-mean", InputError, "penalty is above 0"),
        ("encoding-ols-5fold-r3-mean", UnknownNameError, "no measure named"),
        ("encoding-ridge-lambda1.0-5fold-r2-mean", UnknownNameError, "no measure named"),
        ("encoding-ols-5fold-r2-max", UnknownNameError, "no measure named"),
    ],
)
def test_ids_that_state_no_recipe_are_refused(name, error, words):
    with pytest.raises(error, match=words):
        measure(name)


@pytest.mark.parametrize(("components", "folds"), [(1, 5), (25, 5), (30, 3), (9, 2)])
def test_declared_stimuli_are_just_enough_for_the_components(components, folds):
    pls = measure(f"encoding-pls{components}-{folds}fold-pearson-median")
    n = pls.min_stimuli
    model, target = responses(n, 40, 1)
    assert np.isfinite(pls.scores(model, target)).all()
    fewer = [Assembly(side.array()[..., : n - 1, :], IDS[: n - 1]) for side in (model, target.mean())]
    with pytest.raises(TooFewError):
        pls.scores(*fewer)


def test_what_a_regression_cannot_be_fitted_to_is_refused():
    model, target = responses(30, 28, 1)
    with pytest.raises(TooFewError, match="least squares from 28 units needs more than 28 stimuli"):
        measure("encoding-ols-5fold-r2-median").scores(model, target)
    with pytest.raises(TooFewError, match="components need more than"):
        measure("encoding-pls25-5fold-r2-median").scores(model, target)
    rdm = RDM(np.arange(435.0), IDS[:30], {}, "euclidean", "an RDM")
    with pytest.raises(UnsuitableError, match="needs responses"):
        GCV.scores(model, rdm)
    still = Assembly(np.ones((30, 2)), IDS[:30])
    for name in ("encoding-ols-insample-r2-pooled", "encoding-ridge-uncentred-lambda1-insample-r2-mean"):
        with pytest.raises(DegenerateError, match="same response to every stimulus"):
            measure(name).scores(responses(30, 3, 1)[0], still)


def layered(widths: tuple[int, ...]) -> tuple[Assembly, Assembly]:
    model, target = responses(p=sum(widths))
    names = np.repeat([f"layer{i}" for i in range(len(widths))], widths)
    return replace(model, units={"layer": names}), target


def test_layers_as_bands_find_the_layer_that_predicts():
    generator = rng(121)
    model, _ = layered((6, 200))
    x = np.asarray(model.values)
    target = Assembly(x[:, :6] @ generator.normal(size=(6, 4)) + generator.normal(size=(60, 4)), IDS)
    found = banded_encoding(GCV, model, target)
    assert found.bands == ("layer0", "layer1")
    assert found.recipe == "encoding-banded-ridge-cv-20candidates-5fold-pearson-median"
    assert (found.shares[0][0] > 0.8).all()
    together = measure("encoding-ridge-cv-5fold-pearson-median").scores(model, target)
    assert found.scores[0] > together[0]


def test_equal_bands_alone_are_ridge_up_to_the_grid_of_penalties():
    model, target = layered((4, 4))
    found = banded_encoding(GCV, model, target, n_candidates=1)
    assert found.scores == pytest.approx(
        measure("encoding-ridge-cv-5fold-pearson-median").scores(model, target), abs=5e-3
    )
    with pytest.raises(UnsuitableError, match="one band by the label 'region'"):
        banded_encoding(GCV, model, target, label="region")


@pytest.fixture(scope="module")
def golden(real_data) -> dict[tuple[str, str], float]:
    """Values of the published table by implementation and id."""
    file = real_data / "nacloos+similarity-repository/figures/metric_vs_repo.csv"
    with file.open(newline="") as lines:
        header, *rows = list(csv.reader(lines))
    return {
        (row[0], name): float(value)
        for row in rows
        for name, value in zip(header[1:], row[1:], strict=True)
        if value
    }


def golden_sides() -> tuple[np.ndarray, np.ndarray]:
    legacy = np.random.RandomState(0)
    return legacy.uniform(size=(30, 25)), legacy.uniform(size=(30, 25))


@pytest.mark.parametrize("name", ALIASES)
def test_aliases_give_the_published_value(golden, name):
    published = [value for (_, column), value in golden.items() if column == name]
    sides = [Assembly(side, IDS[:30]) for side in golden_sides()]
    assert measure(name).scores(*sides)[0] == pytest.approx(published[0], rel=1e-6)
    assert len(published) == 1


def each_r(Y, P):
    return np.array([np.corrcoef(Y[:, u], P[:, u])[0, 1] for u in range(Y.shape[1])])


def test_brain_score_medians_over_units_of_least_squares_in_folds_shuffled_by_seed_1(golden):
    """All three of its regressions have one value: what was run is least squares each time."""
    X, Y = golden_sides()
    folds = KFold(5, shuffle=True, random_state=1).split(X)
    shares = StratifiedShuffleSplit(10, train_size=0.9, random_state=1).split(X, [""] * 30)
    for splits, tail in ((folds, "-cv=5folds"), (shares, "")):
        fits = [(held, LinearRegression().fit(X[fit], Y[fit]).predict(X[held])) for fit, held in splits]
        found = np.mean([np.median(each_r(Y[held], P)) for held, P in fits])
        for name in ("linear_regression", "pls", "ridge-lambda=1"):
            assert found == pytest.approx(golden["brainscore", f"{name}-pearsonr{tail}"], rel=1e-6)
    with pytest.raises(TooFewError, match="from 25 units needs more than 25 stimuli in each fit part; there"):
        held_out_predictions(X, [Y], np.arange(30) % 5, by_ols())


def test_deepdive_pools_contiguous_folds_and_always_uses_a_penalty_of_1(golden):
    X, Y = golden_sides()
    P = np.empty_like(Y)
    for fit, held in KFold(5).split(X):
        P[held] = Ridge(alpha=1.0).fit(X[fit], Y[fit]).predict(X[held])
    r = each_r(Y, P)
    values = {"pearsonr": r.mean(), "pearsonr2": (r**2).mean(), "r2": r2_score(Y, P)}
    for score, value in values.items():
        for regression in ("ridge-lambda=1", "linear_regression"):
            name = f"{regression}-{score}-cv=5folds"
            assert value == pytest.approx(golden["deepdive", name], rel=1e-6)


def test_neuroaimetrics_scales_held_out_stimuli_by_themselves(golden):
    X, Y = golden_sides()
    for name, A, B in (("", X, Y), ("-reverse", Y, X)):
        found = []
        for fit, held in KFold(5, shuffle=True, random_state=42).split(A):
            parts = [(A[rows] - A[rows].mean(axis=0)) / A[rows].std(axis=0) for rows in (fit, held)]
            model = RidgeCV(alphas=np.logspace(-8, 8, 17)).fit(parts[0], B[fit])
            found.append(each_r(B[held], model.predict(parts[1])).mean())
        assert np.mean(found) == pytest.approx(golden["neuroaimetrics", f"ridge-pearsonr-cv=5folds{name}"])


def test_svccas_pls_is_no_regression_but_the_mean_singular_value_of_the_covariance(golden):
    X, Y = golden_sides()
    covariance = (X - X.mean(axis=0)).T @ (Y - Y.mean(axis=0)) / 29
    value = np.linalg.svd(covariance, compute_uv=False).mean()
    assert value == pytest.approx(golden["svcca", "pls"], rel=1e-6)
    with pytest.raises(ValueError, match="upper bound is 24"):  # neuroaimetrics' 25 components of 24 stimuli
        PLSRegression(25).fit(X[:24], Y[:24])


def test_raw_ridge_without_an_intercept_is_sklearns(golden):
    X, Y = golden_sides()
    predicted = Ridge(alpha=1.0, fit_intercept=False).fit(X, Y).predict(X)
    assert r2_score(Y, predicted) == pytest.approx(golden["brain_language_nlp", "ridge-lambda=1-r2"])
    folds = np.arange(30) % 5
    assert not np.allclose(held_out_predictions(X, [Y], folds, by_ridge(1.0))[0], predicted)
