"""Stochastic shape distances: responses that vary from trial to trial, compared as distributions.

Trials are (n_repetitions, n_stimuli, n_units); the numbers of repetitions and of units may differ between
the sides. Both sides are centred over stimuli and trials, the narrower one is padded with silent units, and
one orthogonal map aligns all stimuli at once. That map is found by alternation from the Procrustes rotation
of the mean responses: deterministic and never uphill, but a local minimum, so that the value returned is an
upper bound of the distance; the looser, the less the means count.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from repalign.errors import DegenerateError, InputError, ShapeError, TooFewError
from repalign.maths.checks import Floats, is_constant

# The alternation stops where a round lowers the squared distance by less than this share of the
# squared size of the responses, or after the last round.
_TOLERANCE, _MOST_ROUNDS = 1e-9, 1000
# Trials closer than this share of the size of the responses count as this close when weighted.
_SMOOTHING = 1e-8


def gaussian_wasserstein_distance(X: Floats, Y: Floats, alpha: float = 1.0) -> float:
    """Wasserstein distance between Gaussian responses after the best rotation (Duong et al. 2023).

    With mean m_i, l_i and covariance S_i, R_i of the trials of stimulus i,

        d^2 = min over orthogonal Q of mean_i [ alpha |m_i - Q l_i|^2 + (2 - alpha) B^2(S_i, Q R_i Q') ],

    B^2(S, R) = tr S + tr R - 2 tr (S^.5 R S^.5)^.5 the squared Bures distance. Covariances divide by the
    number of repetitions less one; they are estimates, so few repetitions make the distance larger.

    Args:
        X: Trials, (n_repetitions, n_stimuli, p).
        Y: Trials with the same stimuli, (m_repetitions, n_stimuli, q).
        alpha: 0 compares covariances only, 1 is Wasserstein, 2 means only: then d is sqrt(2 / n_stimuli)
            times the Procrustes size-and-shape distance of the means. Without noise, alpha = 1 gives
            1 / sqrt(n_stimuli) times it.

    Returns:
        Distance, 0..inf, in units of the responses.

    Raises:
        InputError: alpha is out of range.
        TooFewError: Fewer than 2 repetitions.
        DegenerateError: NaN or infinite trials, or no stimulus changes the mean response.
    """
    if not 0.0 <= alpha <= 2.0:
        raise InputError(
            f"alpha is {alpha}; it weighs means against covariances, 0 <= alpha <= 2", hint="Usual: 1."
        )
    x, y, scale = _prepared(X, Y)
    means = (x.mean(axis=0), y.mean(axis=0))
    roots = (_covariance_roots(x), _covariance_roots(y))
    rotation = _rotation(means[0].T @ means[1])
    if alpha == 2.0:
        return scale * float(np.sqrt(2.0 * _gap(means[0] - means[1] @ rotation.T)))
    squared, last = np.inf, np.inf
    for _ in range(_MOST_ROUNDS):
        turned = rotation @ roots[1] @ rotation.T
        # Per stimulus, the orthogonal map between the two roots that makes their gap the Bures distance.
        matched = turned @ _rotation(turned.transpose(0, 2, 1) @ roots[0])
        squared = alpha * _gap(means[0] - means[1] @ rotation.T) + (2.0 - alpha) * _gap(roots[0] - matched)
        if last - squared <= _TOLERANCE:
            break
        last = squared
        unturned = rotation.T @ matched
        noise = (roots[0] @ unturned.transpose(0, 2, 1)).sum(axis=0)
        rotation = _rotation(alpha * (means[0].T @ means[1]) + (2.0 - alpha) * noise)
    return scale * float(np.sqrt(squared))


def energy_shape_distance(X: Floats, Y: Floats) -> float:
    """Energy distance between the trials of each stimulus after the best rotation (Duong et al. 2023).

        d^2 = min over orthogonal Q of mean_i [ E|x - Q y| - E|x - x'| / 2 - E|y - y'| / 2 ],

    x, x' and y, y' trials of stimulus i on either side, expectations over all pairs of trials. Pairs of a
    trial with itself count, which keeps d at 0 for equal sides and makes it larger than that of the
    distributions, by less the more repetitions there are.

    Args:
        X: Trials, (n_repetitions, n_stimuli, p).
        Y: Trials with the same stimuli, (m_repetitions, n_stimuli, q).

    Returns:
        Distance, 0..inf, in units of the square root of the responses.

    Raises:
        TooFewError: Fewer than 2 repetitions.
        DegenerateError: NaN or infinite trials, or no stimulus changes the mean response.
    """
    x, y, scale = _prepared(X, Y)
    rotation = _rotation(x.mean(axis=0).T @ y.mean(axis=0))
    cross, last = np.inf, np.inf
    for _ in range(_MOST_ROUNDS):
        cross, product = _cross_distances(x, y @ rotation.T, y)
        if last - cross <= _TOLERANCE:
            break
        last = cross
        rotation = _rotation(product)
    own = [_cross_distances(side, side, side)[0] / 2.0 for side in (x, y)]
    # Rounding of three sums; the distance itself is never negative.
    return float(np.sqrt(scale * max(cross - own[0] - own[1], 0.0)))


def as_trials(X: Floats, name: str) -> Floats:
    """Trials as float64 of shape (n_repetitions, n_stimuli, n_units), finite.

    Raises:
        ShapeError: Not three axes.
        TooFewError: Fewer than 2 repetitions or stimuli.
        DegenerateError: NaN or infinity; ``rows`` holds the stimuli at fault.
    """
    trials = np.asarray(X, dtype=np.float64)
    if trials.ndim != 3 or trials.shape[2] == 0:
        raise ShapeError(
            f"{name} has shape {trials.shape}; trials are (repetition, stimulus, unit)",
            hint="Keep the repetitions: do not average them first.",
        )
    if min(trials.shape[:2]) < 2:
        raise TooFewError(
            f"{name} has {trials.shape[0]} repetitions of {trials.shape[1]} stimuli; 2 of each are the least",
            hint="Use a Procrustes distance for responses without repetitions.",
        )
    rows = np.flatnonzero(~np.isfinite(trials).all(axis=(0, 2))).tolist()
    if rows:
        raise DegenerateError(
            f"{name} has NaN or infinite trials of {len(rows)} of {trials.shape[1]} stimuli "
            f"(row {rows[0]} first)",
            hint="Find out why they are missing; repalign never replaces a missing number.",
            rows=rows,
        )
    return trials


def _prepared(X: Floats, Y: Floats) -> tuple[Floats, Floats, float]:
    """Both sides centred, as wide as the wider, divided by one root mean square over stimuli and trials."""
    sides = [as_trials(X, "X"), as_trials(Y, "Y")]
    if sides[0].shape[1] != sides[1].shape[1]:
        raise ShapeError(
            f"X has {sides[0].shape[1]} stimuli and Y has {sides[1].shape[1]}; "
            "both sides are about the same stimuli",
            hint="Join them by stimulus id first.",
        )
    width = max(side.shape[2] for side in sides)
    out: list[Floats] = []
    for side, name in zip(sides, "XY", strict=True):
        if is_constant(side.mean(axis=0), axis=0).all():
            raise DegenerateError(
                f"{name} gives the same mean response to every stimulus",
                hint="Nothing can be aligned there; is the model blind to these stimuli?",
            )
        centred = side - side.mean(axis=(0, 1))
        out.append(np.pad(centred, ((0, 0), (0, 0), (0, width - side.shape[2]))))
    largest = max(float(np.abs(side).max()) for side in out)
    size = largest * max(float(np.sqrt(((side / largest) ** 2).sum(axis=2).mean())) for side in out)
    return out[0] / size, out[1] / size, size


def _covariance_roots(trials: Floats) -> Floats:
    """Symmetric square roots of the covariances over trials, (n_stimuli, p, p)."""
    noise = (trials - trials.mean(axis=0)).transpose(1, 0, 2) / np.sqrt(len(trials) - 1.0)
    _, sizes, axes = np.linalg.svd(noise, full_matrices=False)
    return axes.transpose(0, 2, 1) @ (sizes[:, :, None] * axes)


def _rotation(M: Floats) -> Floats:
    """The orthogonal Q that maximises tr(Q' M), for each of the matrices on the last two axes."""
    left, _, right = np.linalg.svd(M)
    return cast(Floats, left @ right)


def _gap(difference: Floats) -> float:
    """Mean over stimuli, the first axis, of the squared entries summed."""
    return float((difference**2).sum()) / len(difference)


def _cross_distances(x: Floats, turned: Floats, y: Floats) -> tuple[float, Floats]:
    """Mean distance of all pairs of trials of a stimulus; sum over pairs of x y' / distance."""
    total, product = 0.0, np.zeros((x.shape[2], y.shape[2]))
    for i in range(x.shape[1]):
        difference = x[:, None, i] - turned[None, :, i]
        apart = np.sqrt(np.einsum("rsa,rsa->rs", difference, difference))
        total += float(apart.mean())
        product += x[:, i].T @ (1.0 / np.maximum(apart, _SMOOTHING)) @ y[:, i]
    return total / x.shape[1], product
