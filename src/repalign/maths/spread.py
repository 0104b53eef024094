"""How many degrees of freedom the spread of a sample is worth."""

from __future__ import annotations

from repalign.errors import TooFewError
from repalign.maths.checks import Floats


def spread_freedom(values: Floats) -> float:
    """Degrees of freedom of a sample's variance by matching its own variance, given the sample's tails.

    A variance s^2 of n values has variance sigma^4 ((kappa - 1) / n + 2 / (n (n - 1))), which is that of
    a chi-squared on 2 / ((kappa - 1) / n + 2 / (n (n - 1))) degrees of freedom: n - 1 for kappa = 3 as
    of a normal distribution, fewer where single values make up much of the spread, as single stimuli do
    in jackknife scores. It is never taken for more than n - 1.

    Args:
        values: A sample, (n,); n at least 2.

    Returns:
        Between 1 and n - 1; n - 1 for values that are all equal.

    Raises:
        TooFewError: Fewer than 2 values.
    """
    n = len(values)
    if n < 2:
        raise TooFewError(f"{n} value has no spread", hint="At least 2 are needed.")
    moved = values - values.mean()
    square = float((moved**2).mean())
    if square == 0:
        return float(n - 1)
    kurtosis = float(((moved**2 / square) ** 2).mean())
    return min(float(n - 1), 2.0 / ((kurtosis - 1) / n + 2 / (n * (n - 1))))
