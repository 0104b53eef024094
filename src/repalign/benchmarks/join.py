"""Joining two sides by stimulus id: the only place where they meet."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from repalign.data import RDM, Assembly, Choices, Responses, join_ids
from repalign.errors import IdentityError


@dataclass(frozen=True)
class Joined:
    """Two sides about the same stimuli in the same order.

    Args:
        model: One side.
        target: The other side.
        ids: The stimuli in canonical order; None when joined by position.
        how: ``"id"`` or ``"position"``.
    """

    model: Responses
    target: Responses
    ids: tuple[str, ...] | None
    how: str

    @property
    def n_stimuli(self) -> int:
        """How many stimuli both sides hold."""
        return len(self.ids) if self.ids is not None else _length(self.model)


def join(model: Responses, target: Responses) -> Joined:
    """Bring both sides into the canonical order of their common stimulus ids.

    Rows are sorted by id on both sides, so no result depends on the order in which they came. Two bare
    sides, without ids, are taken by position, and the result says so.

    Args:
        model: One side.
        target: The other side, about the same stimuli.

    Returns:
        Both sides in that order, and how they were joined.

    Raises:
        IdentityError: The ids differ, or only one side has ids; or bare sides differ in length.
    """
    ids = common_ids(model, target)
    if ids is None:
        return Joined(model, target, None, "position")
    return Joined(model.select(ids), target.select(ids), ids, "id")


def common_ids(model: Responses, target: Responses) -> tuple[str, ...] | None:
    """The ids of both sides in canonical order; None where neither has ids. Nothing is loaded.

    Raises:
        IdentityError: As :func:`join`.
    """
    left, right = _ids(model), _ids(target)
    if left is None and right is None:
        _check_lengths(model, target)
        return None
    if left is None or right is None:
        bare, named = (model, target) if left is None else (target, model)
        raise IdentityError(
            f"{bare.name!r} has no stimulus ids, {named.name!r} has",
            hint="Row order is never trusted: give both sides ids, Assembly(values, ids=...), or neither.",
        )
    return join_ids(left, right, (repr(model.name), repr(target.name)))[0]


def _ids(responses: Responses) -> tuple[str, ...] | None:
    return responses.ids


def _length(responses: Responses) -> int:
    return len(responses.ids) if isinstance(responses, Choices) else responses.n_stimuli


def _check_lengths(model: Responses, target: Responses) -> None:
    if _length(model) != _length(target):
        raise IdentityError(
            f"{model.name!r} has {_length(model)} stimuli and {target.name!r} has {_length(target)}; "
            "without ids they are compared by position",
            hint="Give both sides stimulus ids, or the same number of rows.",
        )


def take(responses: Responses, rows: np.ndarray) -> Responses:
    """The responses to the stimuli at these positions, in this order; ids go along."""
    if isinstance(responses, Choices):
        return responses.select([responses.ids[i] for i in rows])
    given = [f"{i:09d}" for i in range(_length(responses))]
    named: Assembly | RDM = responses if responses.ids else replace(responses, ids=tuple(given))
    ids = named.require_ids()
    return named.select([ids[i] for i in rows])
