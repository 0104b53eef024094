"""The few operations that formulas need on numpy arrays and torch tensors alike.

Both understand ``@``, ``.T``, slices and arithmetic, so a formula is written once. The rule for
precision: responses are normalised in float64; products of matrices are taken in the dtype of a tensor,
and always in float64 for numpy; norms, traces and sums of products accumulate in float64. torch is
never imported here: a caller who passes a tensor has done so, and a tensor stays on its device until a
number is read off.
"""

from __future__ import annotations

import sys
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from repalign.maths.checks import Floats, as_patterns, is_constant
from repalign.maths.ranks import midranks

#: A numpy array or a torch tensor. Neither package has a type for both.
Array: TypeAlias = Any


def is_tensor(x: Array) -> bool:
    """Whether ``x`` is a torch tensor."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)


def namespace(x: Array) -> Any:
    """The module whose functions take ``x``: torch for tensors, else numpy."""
    return sys.modules["torch"] if is_tensor(x) else np


def float64(x: Array) -> Array:
    """``x`` in float64, on its device; itself where it already is."""
    return x.to(namespace(x).float64) if is_tensor(x) else np.asarray(x, dtype=np.float64)


def working(x: Array, like: Array) -> Array:
    """``x`` in the dtype in which responses ``like`` are multiplied.

    float64 for numpy and for float64 or integer tensors, float32 for floats of fewer bits.
    """
    if not is_tensor(like):
        return float64(x)
    torch = namespace(like)
    narrow = like.is_floating_point() and like.dtype != torch.float64
    return x.to(torch.float32 if narrow else torch.float64)


def whole(x: Array) -> Array:
    """``x`` cut to integers of 64 bits."""
    return x.to(namespace(x).int64) if is_tensor(x) else x.astype(np.int64)


def host(x: Array) -> Floats:
    """``x`` as a float64 numpy array in main memory."""
    return float64(x).cpu().numpy() if is_tensor(x) else np.asarray(x, dtype=np.float64)


def like(values: NDArray[Any], x: Array) -> Array:
    """An array of the host, ``values``, as one of the kind of ``x`` and on its device."""
    return namespace(x).as_tensor(values, device=x.device) if is_tensor(x) else values


def empty(shape: tuple[int, ...], x: Array, *, narrow: bool = False) -> Array:
    """An array to be filled, float64 or ``narrow`` float32, of the kind of ``x`` and on its device."""
    xp = namespace(x)
    dtype = xp.float32 if narrow else xp.float64
    return xp.empty(shape, dtype=dtype, device=x.device) if is_tensor(x) else np.empty(shape, dtype=dtype)


def as_responses(X: Array, name: str = "X", *, at_least: int = 2) -> Array:
    """Return ``X`` of shape (n_stimuli, n_units), finite: numpy in float64, a tensor as it is.

    Raises:
        ShapeError: Not two axes, or no units.
        TooFewError: Fewer than ``at_least`` stimuli.
        DegenerateError: NaN or infinity; ``rows`` holds the stimuli at fault.
    """
    if not is_tensor(X):
        return as_patterns(X, name, at_least=at_least)
    check_shape(X, name, at_least=at_least)
    check_finite(host(namespace(X).isfinite(X).all(1)) > 0, name)
    return X.detach()


def check_shape(X: Array, name: str, *, at_least: int) -> None:
    """Refuse what :func:`as_patterns` refuses for its shape, in its words and without a copy.

    Raises:
        ShapeError: Not two axes, or no units.
        TooFewError: Fewer than ``at_least`` stimuli.
    """
    shape = tuple(X.shape)
    # One unit stands for all of them where there are some.
    stand_in = (shape[0], min(shape[1], 1)) if len(shape) == 2 and shape[1] else shape
    as_patterns(np.broadcast_to(0.0, stand_in), name, at_least=at_least)


def check_finite(finite: NDArray[np.bool_], name: str) -> None:
    """Refuse rows that are not finite, in the words of :func:`as_patterns`.

    Raises:
        DegenerateError: Some are not; ``rows`` names them.
    """
    if not finite.all():
        as_patterns(np.where(finite, 0.0, np.nan)[:, None], name, at_least=1)


def extremes(X: Array, axis: int) -> Array:
    """Smallest and largest entries along an axis, (2, ...)."""
    xp = namespace(X)
    return xp.stack([xp.amin(X, axis), xp.amax(X, axis)])


def constant(X: Array, axis: int) -> NDArray[np.bool_]:
    """Whether all entries along ``axis`` are equal, up to float64 rounding."""
    return is_constant(host(extremes(X, axis)), axis=0) if is_tensor(X) else is_constant(X, axis=axis)


def inner(a: Array, b: Array) -> float:
    """Sum of a * b over all entries, accumulated in float64."""
    if is_tensor(a):
        return float(namespace(a).dot(float64(a).reshape(-1), float64(b).reshape(-1)))
    return float(np.einsum("ij,ij->", a, b))


def row_inner(a: Array, b: Array) -> Array:
    """Sum of a * b over each row, accumulated in float64, (n_rows,)."""
    return namespace(a).einsum("ij,ij->i", float64(a), float64(b))


def triangular(X: Array) -> Array:
    """The triangular factor of X, (min(n, p), p)."""
    factor = namespace(X).linalg.qr(X, mode="r")
    return factor[1] if is_tensor(X) else factor


def singular_values(X: Array) -> Floats:
    """Singular values, largest first, as a numpy array."""
    return host(namespace(X).linalg.svdvals(X))


def mid_ranks(x: Array) -> Array:
    """Ranks from 1 along the last axis, equal values sharing the mean of theirs, in float64."""
    if not is_tensor(x):
        return midranks(x)
    xp = namespace(x)
    ordered = xp.sort(x).values
    below, upto = (xp.searchsorted(ordered, x, side=side) for side in ("left", "right"))
    return (float64(below) + float64(upto) + 1.0) / 2.0
