"""CKA of more stimuli than an (n, n) matrix fits: blocks of responses, or of the kernel, in turn."""

from __future__ import annotations

import numpy as np

from repalign.errors import InputError
from repalign.maths.arrays import Array, float64, host, inner, namespace
from repalign.maths.blocks import Blocks, Change, meetings, stimulus_sums
from repalign.maths.checks import same_rows
from repalign.maths.cka import MIN_STIMULI, cka_from, known_estimator
from repalign.maths.histograms import Histogram
from repalign.maths.kernels import Summary, features_are_cheaper
from repalign.maths.pairs import row_blocks
from repalign.maths.rows import Rows, by_unit, checked

# Bins for the median distance, which is then known to 1e-7 of the largest.
_BINS = 2**22


def large_linear_cka(X: Array, Y: Array, estimator: str = "debiased", *, step: int | None = None) -> float:
    """Linear CKA that copies neither the responses nor holds an (n, n) matrix.

    From X'X, X'Y and Y'Y, summed over blocks of stimuli, where that is less arithmetic (p + q <= n), else
    from blocks of the kernels. 70,000 stimuli x 1,000 units need under 400 MB beside the responses.

    Args:
        X: Responses, (n_stimuli, p), an array or a tensor of any float dtype.
        Y: Responses to the same stimuli, (n_stimuli, q), of the same kind and on the same device.
        estimator: ``biased``, ``debiased`` or ``lange``; see :func:`repalign.maths.cka.hsic`.
        step: Stimuli in a block of the kernels.

    Returns:
        The number of :func:`linear_cka` or :func:`linear_cka_debiased`, to 1e-10; from float32 tensors,
        whose products are float32, to 1e-5.

    Raises:
        InputError: No such estimator.
        TooFewError: Fewer than 4 stimuli (2 for ``biased``).
        DegenerateError: NaN, or one side does not vary.
    """
    least = MIN_STIMULI[known_estimator(estimator)]
    same_rows(X, Y)
    x, y = (by_unit(checked(side, name, at_least=least), name) for side, name in ((X, "X"), (Y, "Y")))
    d, e = host(x.squared_norms()), host(y.squared_norms())
    if features_are_cheaper(len(x), x.width, y.width):
        cross, own_x, own_y = _feature_products(x, y)
        products = cross - float(d @ e), own_x - float(d @ d), own_y - float(e @ e)
    else:
        sums = stimulus_sums(Blocks(X, "product", "X"), Blocks(Y, "product", "Y"), step=step).sum(axis=1)
        products = float(sums[4]), float(sums[2]), float(sums[3])
    # The columns are centred, so rows of a kernel sum to zero and without the diagonal to minus its entry.
    return _alignment(products, Summary(d, -d), Summary(e, -e), estimator)


def large_rbf_cka(
    X: Array, Y: Array, estimator: str = "debiased", *, median: float = 1.0, step: int | None = None
) -> float:
    """CKA with the kernel exp(-d^2 / (2 sigma^2)) in two passes over blocks of distances d.

    The first pass counts distances for their median, which is then known to 1e-7 of the largest distance;
    the second sums over the kernels.

    Args:
        X: Responses, (n_stimuli, p), an array or a tensor of any float dtype.
        Y: Responses to the same stimuli, (n_stimuli, q), of the same kind and on the same device.
        estimator: ``biased``, ``debiased`` or ``lange``.
        median: Sigma as a multiple of each side's median distance (Kornblith et al. 2019).
        step: Stimuli in a block.

    Returns:
        That of :func:`repalign.maths.radial.radial_cka` with ``median``; about 1e-6 from it.

    Raises:
        InputError: No such estimator, or ``median`` is not positive.
        TooFewError: Fewer than 4 stimuli (2 for ``biased``).
        DegenerateError: NaN, one side does not vary, or the kernel tells no stimuli apart.
    """
    least = MIN_STIMULI[known_estimator(estimator)]
    if not 0 < median < float("inf"):
        raise InputError(f"the width of the kernel is {median} x the median; it must be positive")
    same_rows(X, Y)
    sides = [Blocks(side, "euclidean", name, at_least=least) for side, name in ((X, "X"), (Y, "Y"))]
    counts = [Histogram(side.largest, _BINS) for side in sides]
    for met in meetings(sides[0], sides[1], step):
        for count, values in zip(counts, (met.first, met.second), strict=True):
            count.add(met.pairs(values))
    kernels = _rbf(median * counts[0].median()), _rbf(median * counts[1].median())
    sums = stimulus_sums(sides[0], sides[1], kernels, step)
    ones = np.ones(len(sums[0]))
    _, _, own_x, own_y, cross = sums.sum(axis=1).tolist()
    return _alignment((cross, own_x, own_y), Summary(ones, sums[0]), Summary(ones, sums[1]), estimator)


def _rbf(sigma: float) -> Change:
    def kernel(distances: Array) -> Array:
        return namespace(distances).exp(distances * distances * (-0.5 / sigma**2))

    return kernel


def _feature_products(x: Rows, y: Rows) -> tuple[float, float, float]:
    """|X'Y|^2, |X'X|^2 and |Y'Y|^2."""
    both: Array = 0.0
    for rows in row_blocks(len(x), x.width + y.width):
        block = namespace(x.X).concatenate([x(rows), y(rows)], 1)
        both = both + float64(block.T @ block)
    p = x.width
    xy, xx, yy = both[:p, p:], both[:p, :p], both[p:, p:]
    return inner(xy, xy), inner(xx, xx), inner(yy, yy)


def _alignment(products: tuple[float, float, float], x: Summary, y: Summary, estimator: str) -> float:
    """CKA from sums over i != j of K L, K K and L L."""
    cross, own_x, own_y = products
    return cka_from((cross, x, y), (own_x, x, x), (own_y, y, y), estimator=estimator)
