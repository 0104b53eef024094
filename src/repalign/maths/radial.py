"""CKA with kernels of the distance between stimuli (RBF, Laplace), in blocks: no n x n matrix is held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from repalign.errors import DegenerateError, InputError
from repalign.maths.arrays import Array, host, inner, namespace
from repalign.maths.blocks import Blocks, meetings
from repalign.maths.checks import Floats, same_rows
from repalign.maths.cka import MIN_STIMULI, cka_from, known_estimator, largest_scale
from repalign.maths.dissimilarity import euclidean
from repalign.maths.kernels import Summary

# Stimuli in a block: two blocks of float64 stay near the core.
_STEP = 512
# A width below this share of the largest response would overflow when squared.
_NARROWEST = 1e-150

#: Kernels of the distance d, exp(-u): the power of d^2 / (2 sigma^2) that u is.
KERNELS = {"rbf": 1.0, "laplace": 0.5}


def radial_cka(
    X: Array,
    Y: Array,
    kernel: str = "rbf",
    estimator: str = "debiased",
    *,
    sigma: float | None = None,
    median: float | None = None,
) -> float:
    """CKA with a kernel of the Euclidean distance d between stimuli.

    ``rbf``: exp(-d^2 / (2 sigma^2)); ``laplace``: exp(-d / (sqrt(2) sigma)). Kornblith et al. (2019) set
    sigma relative to the median distance; with an absolute sigma the unit of the responses matters. Memory
    is of the order of n_stimuli x n_units with ``sigma``, and of n_stimuli^2 / 2 with ``median``, for which
    :func:`repalign.maths.large.large_rbf_cka` needs less and knows the median to 1e-7.

    Args:
        X: Responses, (n_stimuli, p), an array or a tensor.
        Y: Responses to the same stimuli, (n_stimuli, q).
        kernel: ``rbf`` or ``laplace``.
        estimator: Of HSIC: ``biased``, ``debiased`` or ``lange``; see :func:`repalign.maths.cka.hsic`.
        sigma: Width in the unit of the responses, the same for both sides.
        median: Width as a multiple of each side's median distance over pairs of different stimuli.

    Returns:
        Similarity in -1..1; in 0..1 for ``biased``.

    Raises:
        InputError: Not one of ``sigma`` and ``median``, not a positive number, no such kernel or estimator.
        TooFewError: Fewer than 4 stimuli (2 for ``biased``).
        DegenerateError: One side does not vary; its kernel is so narrow that every stimulus is like itself
            alone, or so wide that none differ; the median distance is 0.
    """
    least = MIN_STIMULI[known_estimator(estimator)]
    x, y = (_radial(side, name, kernel, sigma, median, least) for side, name in ((X, "X"), (Y, "Y")))
    same_rows(x.norms, y.norms)
    products, rows = _sums(x, y)
    for side, row, name in zip((x, y), rows, "XY", strict=True):
        if not side.shift and row.max() < np.finfo(np.float64).eps:
            raise _too_narrow(name)
    a, b = (Summary(side.diagonal, row) for side, row in zip((x, y), rows, strict=True))
    return cka_from(*zip(products, (a, a, b), (b, a, b), strict=True), estimator=estimator)


def radial_trace(
    X: Array, kernel: str = "rbf", *, sigma: float | None = None, median: float | None = None
) -> float:
    """Trace of the centred kernel, tr(HKH): the squared size of the responses in the kernel's space.

    Args:
        X: Responses, (n_stimuli, p).
        kernel: ``rbf`` or ``laplace``; see :func:`radial_cka`.
        sigma: Width in the unit of the responses.
        median: Width as a multiple of the median distance.

    Returns:
        tr(K) - 1'K1 / n, in 0..n_stimuli - 1.

    Raises:
        InputError: As :func:`radial_cka`.
        DegenerateError: As :func:`radial_cka`.
    """
    side = _radial(X, "X", kernel, sigma, median, 2)
    _, (rows, _) = _sums(side, side)
    return float(side.diagonal.sum()) - float((rows + side.diagonal).sum()) / len(rows)


@dataclass(frozen=True)
class _Radial:
    """The kernel of one side, less a constant.

    Args:
        distances: Squared, of responses in some unit.
        norms: Squared lengths of the centred responses in that unit, (n_stimuli,).
        rate: 1 / (2 sigma^2) in that unit.
        power: Entry of :data:`KERNELS`.
    """

    distances: Blocks
    norms: Floats
    rate: float
    power: float

    @property
    def shift(self) -> float:
        """Taken from every entry, which changes no estimate of HSIC.

        The entries of wide kernels are all nearly 1: less 1, their differences keep their digits.
        """
        return 1.0 if 2.0 * self.rate * float(self.norms.sum()) < len(self.norms) - 1 else 0.0

    @property
    def diagonal(self) -> Floats:
        """Of each stimulus with itself, (n_stimuli,)."""
        return np.full(len(self.norms), 1.0 - self.shift)

    def __call__(self, squared: Array) -> Array:
        """The kernel less the shift; overwrites the squared distances."""
        xp = namespace(squared)
        squared *= self.rate
        if self.power != 1:
            squared **= self.power
        squared *= -1.0
        return (xp.expm1 if self.shift else xp.exp)(squared, out=squared)


def _radial(
    X: Array, name: str, kernel: str, sigma: float | None, median: float | None, at_least: int
) -> _Radial:
    if kernel not in KERNELS:
        raise InputError(f"there is no kernel {kernel!r}", hint=f"Known: {', '.join(KERNELS)}.")
    given = [value for value in (sigma, median) if value is not None]
    if len(given) != 1 or not (np.isfinite(given[0]) and given[0] > 0):
        raise InputError(
            f"the width of the kernel is sigma={sigma}, median={median}; one positive number is needed",
            hint="sigma is in the unit of the responses, median a multiple of the median distance.",
        )
    distances = Blocks(X, "squared-euclidean", name, at_least=at_least)
    width = given[0] * (1.0 if median is None else _median_distance(X, name)) * largest_scale(distances.rows)
    if width < _NARROWEST:
        raise _too_narrow(name)
    return _Radial(distances, host(distances.norms), 0.5 / (width * width), KERNELS[kernel])


def _median_distance(X: Array, name: str) -> float:
    middle = float(np.median(euclidean(host(X))))
    if middle == 0:
        raise DegenerateError(
            f"{name}: the median distance between stimuli is 0", hint="Give an absolute sigma."
        )
    return middle


def _sums(x: _Radial, y: _Radial) -> tuple[list[float], tuple[Floats, Floats]]:
    """Sums over i != j of K L, K K and L L, and the sums of rows without the diagonal of K and of L."""
    products, rows = np.zeros(3), (np.zeros(len(x.norms)), np.zeros(len(x.norms)))
    for met in meetings(x.distances, y.distances, _STEP):
        a, b = met.upper(x(met.first)), met.upper(y(met.second))
        products += [2.0 * inner(*pair) for pair in ((a, b), (a, a), (b, b))]
        for total, block in zip(rows, (a, b), strict=True):
            total[met.rows] += host(block.sum(1))
            total[met.columns] += host(block.sum(0))
    return products.tolist(), rows


def _too_narrow(name: str) -> DegenerateError:
    return DegenerateError(
        f"{name}: the kernel is so narrow that every stimulus is like itself alone",
        hint="Take a larger sigma, or one relative to the median distance (median=1).",
    )
