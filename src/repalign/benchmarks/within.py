"""Differences within categories: what is left of responses when each category's mean is taken away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from repalign.data import Assembly, Responses, Target
from repalign.errors import IdentityError, UnsuitableError
from repalign.maths import centred_within

NOTE = "category-centred: the mean of each category is taken from both sides"
SUFFIX = "-within"


def within(responses: Responses, category: Mapping[str, str]) -> Assembly:
    """Responses from which the mean of each category is taken, unit by unit.

    Any classifier tells categories apart; whether it also knows the differences within them shows only
    when what tells them apart is gone. Both sides of a comparison must be centred over the same stimuli.

    Args:
        responses: An Assembly with ids.
        category: From a stimulus id to its category.

    Raises:
        UnsuitableError: RDMs or choices, which have no units to centre.
        IdentityError: A stimulus has no category.

    Example:
        >>> from repalign.data import Assembly
        >>> found = within(Assembly([[1.0], [3.0], [5.0]], ("a", "b", "c")), {"a": "x", "b": "x", "c": "y"})
        >>> found.array().ravel().tolist()
        [-1.0, 1.0, 0.0]
    """
    if not isinstance(responses, Assembly):
        raise UnsuitableError(
            f"{responses.name} is no Assembly: only responses by unit can be centred within categories",
            hint="Give the responses behind the dissimilarities.",
        )
    ids = responses.require_ids()
    lacking = [each for each in ids if each not in category]
    if lacking:
        raise IdentityError(f"stimulus {lacking[0]!r} has no category", hint="Give one for every stimulus.")
    groups = np.array([category[each] for each in ids])
    return replace(responses, values=centred_within(responses.array(), groups))


def within_target(target: Target, category: Mapping[str, str]) -> Target:
    """A target centred within categories, called ``NAME-within``.

    Args:
        target: With responses by unit.
        category: From a stimulus id to its category.

    Raises:
        UnsuitableError: As :func:`within`.
        IdentityError: As :func:`within`.
    """
    responses = replace(within(target.responses, category), name=f"{target.name}{SUFFIX}")
    note = f"{target.note}; {NOTE}" if target.note else NOTE
    return replace(target, name=f"{target.name}{SUFFIX}", responses=responses, note=note)
