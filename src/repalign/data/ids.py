"""Stimulus identity: the one place where two sides are joined."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from repalign.errors import IdentityError


def check_ids(ids: Iterable[object], what: str = "stimulus ids") -> tuple[str, ...]:
    """Return ``ids`` as a tuple of unique, non-empty strings.

    Args:
        ids: The ids, in order.
        what: What they are called in errors.

    Returns:
        The ids in the same order.

    Raises:
        IdentityError: An id is not text, is empty, or appears twice.
    """
    checked = tuple(ids)
    odd = [i for i in checked if not isinstance(i, str) or not i]
    if odd:
        raise IdentityError(
            f"{what} must be non-empty text; saw {odd[0]!r}",
            hint="Turn numbers into text with a fixed width, e.g. f'{i:05d}'.",
        )
    texts = tuple(str(i) for i in checked)
    doubled = [i for i, count in Counter(texts).items() if count > 1]
    if doubled:
        raise IdentityError(
            f"{what} must be unique; {_some(doubled)} appear more than once",
            hint="Give every stimulus an id of its own; repetitions belong on an axis of their own.",
        )
    return texts


def join_ids(
    left: Sequence[str], right: Sequence[str], names: tuple[str, str] = ("left", "right")
) -> tuple[tuple[str, ...], NDArray[np.intp], NDArray[np.intp]]:
    """Join two sides by stimulus id.

    Args:
        left: Ids of one side, in any order.
        right: Ids of the other side, in any order.
        names: What to call the sides in an error.

    Returns:
        The ids in canonical (sorted) order, and for each side the positions that bring its rows
        into that order. Because the order is canonical, no result depends on the order of rows.

    Raises:
        IdentityError: The two sides do not hold exactly the same ids; some of them are named. Or
            a side's ids are doubled or not text.
    """
    left, right = (
        check_ids(side, f"stimulus ids of {name}") for side, name in zip((left, right), names, strict=True)
    )
    missing, extra = sorted(set(right) - set(left)), sorted(set(left) - set(right))
    if missing or extra:
        parts: list[str] = []
        if missing:
            parts.append(f"{len(missing)} only in {names[1]} ({_some(missing)})")
        if extra:
            parts.append(f"{len(extra)} only in {names[0]} ({_some(extra)})")
        raise IdentityError(
            f"{names[0]} and {names[1]} are not about the same stimuli: {', '.join(parts)}",
            hint="Scores are joined by stimulus id. If a subset is meant, call .select(ids) first.",
        )
    ids = tuple(sorted(left))
    return ids, positions(left, ids), positions(right, ids)


def positions(have: Sequence[str], wanted: Sequence[str], what: str = "stimulus ids") -> NDArray[np.intp]:
    """Positions of ``wanted`` within ``have``.

    Args:
        have: Unique ids.
        wanted: Ids to be found, in any order; an id may be wanted several times.
        what: What they are called in errors.

    Returns:
        Position of each wanted id, 0..len(have) - 1, (n_wanted,).

    Raises:
        IdentityError: Some wanted ids are not there.
    """
    place = {name: i for i, name in enumerate(have)}
    absent = [name for name in wanted if name not in place]
    if absent:
        raise IdentityError(
            f"{len(absent)} of {len(wanted)} {what} are not here: {_some(absent)}",
            hint=f"Known ones look like {_some(list(have)[:3])}." if have else "There are none here.",
        )
    return np.array([place[name] for name in wanted], dtype=np.intp)


def _some(names: Sequence[str], most: int = 3) -> str:
    shown = ", ".join(repr(n) for n in names[:most])
    return shown if len(names) <= most else f"{shown}, ..."
