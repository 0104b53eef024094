"""Cross-validated dissimilarities: (run, stimulus, unit) in, condensed RDM out.

The noise of one run is independent of another's, so products of differences taken in different runs have
no noise of their own in expectation: zero means zero, and an estimate may be negative.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from repalign.errors import TooFewError
from repalign.maths.checks import Floats
from repalign.maths.crossed import crossed, crossed_by_fold
from repalign.maths.dissimilarity import mahalanobis
from repalign.maths.noise import Noise, estimate_noise, precision_root, repetition_residuals
from repalign.maths.poisson import PRIOR_RATE, PRIOR_WEIGHT, check_rates, poisson, posterior_rates
from repalign.maths.runs import Runs, as_runs


def crossnobis(X: Floats, precision: Floats | None = None) -> Floats:
    """Cross-validated squared Mahalanobis distance per unit (Walther et al. 2016; Nili et al. 2014).

    The mean over pairs of different runs a, b of (x_ia - x_ja) S^-1 (x_ib - x_jb)^T / n_units. Where a
    stimulus was not measured in every run, a pair of stimuli takes the run pairs in which both stimuli
    were measured in both runs, each with the same weight, so that a run's own offset never enters.

    Args:
        X: Responses, (n_runs, n_stimuli, n_units). A pattern that is NaN in all units was not measured in
            that run; :func:`repalign.maths.runs.average_runs` makes such an array from single observations.
        precision: S^-1, the inverse of the noise covariance, (n_units, n_units); None for the identity.

    Returns:
        Condensed RDM, (n_stimuli (n_stimuli - 1) / 2,), in float64, rounded to 2^-42 of the largest squared
        norm. 0 is expected for stimuli with equal responses; values may be negative.

    Raises:
        ShapeError: Not three axes, or the precision does not fit the units.
        TooFewError: Fewer than 2 runs or 2 stimuli.
        DegenerateError: NaN in a part of a pattern, or two stimuli share fewer than 2 runs; ``rows``
            names the stimuli.
    """
    runs = as_runs(X)
    if precision is not None:
        runs = as_runs(runs.values @ precision_root(precision, runs.values.shape[2]))
    return _crossed_squares(runs)


def poisson_cv(X: Floats, prior_rate: float = PRIOR_RATE, prior_weight: float = PRIOR_WEIGHT) -> Floats:
    """Cross-validated symmetrised Kullback-Leibler divergence of Poisson rates, per unit.

    The mean over ordered pairs of different runs a, b, and over units, of
    (r_ia - r_ja) (log r_ib - log r_jb), with r = (x + prior_rate prior_weight) / (1 + prior_weight).
    0 is expected for stimuli with equal rates (Schuett et al. 2023); for others it is not exactly unbiased,
    because the logarithm of a noisy rate is not.

    Args:
        X: Counts or rates, not negative, (n_runs, n_stimuli, n_units); missing patterns as in
            :func:`crossnobis`.
        prior_rate: The prior's mean, in the units of the responses.
        prior_weight: The prior's weight; an observation weighs 1.

    Returns:
        Condensed RDM, (n_stimuli (n_stimuli - 1) / 2,); values may be negative.

    Raises:
        ShapeError, TooFewError, DegenerateError: As :func:`crossnobis`; also for negative responses.
        InputError: The prior is not positive.
    """
    runs = as_runs(X)
    check_rates(runs.values, prior_rate, prior_weight)

    def sides(block: Floats) -> tuple[Floats, Floats]:
        rates = posterior_rates(block, prior_rate, prior_weight)
        return rates, np.log(rates)

    return crossed(runs, sides)


def whitened_crossnobis(X: Floats, shrinkage: str = "eye") -> Floats:
    """Crossnobis with a noise covariance that is estimated from the same responses.

    Residuals of a run are not independent of its patterns: a covariance from all runs makes the distance of
    equal stimuli positive, by more than the spread of its estimates where repetitions are few. Each run is
    therefore whitened, and so are those it is multiplied with, by the residuals (around each stimulus's
    mean) of the other runs alone, and zero means zero again.

    Args:
        X: As for :func:`crossnobis`, 3 runs or more.
        shrinkage: As for :func:`repalign.maths.noise.estimate_noise`.

    Returns:
        As :func:`crossnobis`.

    Raises:
        ShapeError, TooFewError, DegenerateError: As :func:`crossnobis` and ``estimate_noise``.
    """
    runs = as_runs(X)
    n_runs = len(runs.values)
    if n_runs < 3:
        raise TooFewError(
            f"there are {n_runs} runs; with at least 3 the noise of a run is estimated from the others",
            hint="Give a precision from elsewhere, or none (crossnobis-identity).",
        )

    def fold(run: int) -> Callable[[Floats], Floats]:
        others = np.arange(n_runs) != run
        return _noise(runs.values[others], runs.present[others], shrinkage).whiten

    return crossed_by_fold(runs, map(fold, range(n_runs)))


def whitened_mahalanobis(X: Floats, shrinkage: str = "eye") -> Floats:
    """Squared Mahalanobis distance per unit of the mean patterns, with the noise of their repetitions.

    Args:
        X: Responses, (n_repetitions, n_stimuli, n_units). A pattern that is NaN in all units was not
            measured in that repetition.
        shrinkage: As for :func:`repalign.maths.noise.estimate_noise`.

    Raises:
        ShapeError, TooFewError, DegenerateError: As ``estimate_noise`` and ``mahalanobis``; a stimulus
            that was never measured is NaN.
    """
    runs = as_runs(X)
    sums = np.where(runs.present[..., None], runs.values, 0.0).sum(axis=0)
    counts = runs.present.sum(axis=0)[:, None]
    means = sums / np.where(counts > 0, counts, np.nan)
    return mahalanobis(_noise(runs.values, runs.present, shrinkage).whiten(means))


#: Dissimilarities that use repetitions, as functions of (n_repetitions, n_stimuli, n_units).
REPEATED: dict[str, Callable[[Floats], Floats]] = {
    "mahalanobis": whitened_mahalanobis,
    "mahalanobis-diagonal": partial(whitened_mahalanobis, shrinkage="diagonal"),
    "crossnobis": whitened_crossnobis,
    "crossnobis-identity": crossnobis,
    "crossnobis-diagonal": partial(whitened_crossnobis, shrinkage="diagonal"),
    "poisson-cv": poisson_cv,
}
#: What they are, as functions of (n_stimuli, n_units), where responses have no noise to be estimated.
NOISELESS: dict[str, Callable[[Floats], Floats]] = {
    name: poisson if name == "poisson-cv" else mahalanobis for name in REPEATED
}


def _noise(values: Floats, present: NDArray[np.bool_], shrinkage: str) -> Noise:
    residuals, dof = repetition_residuals(values[present], np.nonzero(present)[1])
    return estimate_noise(residuals, shrinkage, dof)


def _crossed_squares(runs: Runs) -> Floats:
    # Responses of order one have squares that stay finite.
    exponent = max(-1000, min(1000, int(np.frexp(runs.largest)[1])))

    def sides(block: Floats) -> tuple[Floats, Floats]:
        scaled = np.multiply(block, 2.0**-exponent, dtype=np.float64)
        return scaled, scaled

    return crossed(runs, sides) * 2.0**exponent * 2.0**exponent
