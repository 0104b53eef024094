"""Dissimilarity of firing rates: (stimulus, unit) in, condensed RDM out."""

from __future__ import annotations

import numpy as np

from repalign.errors import DegenerateError, InputError
from repalign.maths.checks import Floats, as_patterns
from repalign.maths.pairs import products_of_differences

#: Prior of a rate, as a gamma distribution's mean and its weight in observations.
PRIOR_RATE, PRIOR_WEIGHT = 1.0, 0.1


def poisson(X: Floats, prior_rate: float = PRIOR_RATE, prior_weight: float = PRIOR_WEIGHT) -> Floats:
    """Symmetrised Kullback-Leibler divergence of Poisson rates, per unit (Schuett et al. 2023).

    The mean over units of (r_i - r_j) (log r_i - log r_j), which is KL(i, j) + KL(j, i), with
    r = (x + prior_rate prior_weight) / (1 + prior_weight), the rate under a gamma prior.

    Args:
        X: Counts or rates, not negative, (n_stimuli, n_units).
        prior_rate: The prior's mean, in the units of the responses.
        prior_weight: The prior's weight; an observation weighs 1.

    Returns:
        Condensed RDM, (n_stimuli (n_stimuli - 1) / 2,), range 0..inf, in nats times units of the rates.

    Raises:
        DegenerateError: Negative responses; ``rows`` names the stimuli.
        InputError: The prior is not positive.
    """
    patterns = as_patterns(X)
    check_rates(patterns, prior_rate, prior_weight)
    rates = posterior_rates(patterns, prior_rate, prior_weight)
    return products_of_differences(rates, np.log(rates)) / rates.shape[1]


def posterior_rates(X: Floats, prior_rate: float, prior_weight: float) -> Floats:
    """Poisson rates under a gamma prior, of the shape of ``X``."""
    rates = np.add(X, prior_rate * prior_weight, dtype=np.float64)
    rates /= 1.0 + prior_weight
    return rates


def check_rates(X: Floats, prior_rate: float, prior_weight: float) -> None:
    """Refuse what has no Poisson rate; stimuli are on the axis before the last, NaN is passed over.

    Raises:
        DegenerateError: Negative responses; ``rows`` names the stimuli.
        InputError: The prior is not positive.
    """
    if not (0 < prior_rate < np.inf and 0 < prior_weight < np.inf):
        raise InputError(
            f"the prior has rate {prior_rate} and weight {prior_weight}; both must be positive",
            hint=f"Usual are a rate of {PRIOR_RATE} and a weight of {PRIOR_WEIGHT}.",
        )
    if not np.fmin.reduce(X, axis=None) < 0:
        return
    rows = np.flatnonzero((X < 0).any(axis=-1).reshape(-1, X.shape[-2]).any(axis=0)).tolist()
    raise DegenerateError(
        f"{len(rows)} of {X.shape[-2]} stimuli have negative responses (row {rows[0]} first); "
        "counts and rates are not negative",
        hint="Give spike counts or rates without baseline correction, or use another dissimilarity.",
        rows=rows,
    )
