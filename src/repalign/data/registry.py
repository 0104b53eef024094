"""A registry: names to things, with did-you-mean and no side effects at import."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from repalign.errors import InputError, UnknownNameError

T = TypeVar("T")


class Registry(Generic[T]):
    """An ordered mapping from name to thing.

    Args:
        what: What a member is called in errors, e.g. ``"measure"``.

    Example:
        >>> from repalign.data import Registry
        >>> colours = Registry[int]("colour")
        >>> colours.add("red", 1)
        1
        >>> colours.add("green", 2)
        2
        >>> colours["rad"]
        Traceback (most recent call last):
        ...
        repalign.errors.UnknownNameError: there is no colour named 'rad'
          Did you mean: 'red'?
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self._members: dict[str, T] = {}

    def add(self, name: str, member: T) -> T:
        """Register ``member`` under ``name`` and return it.

        Raises:
            InputError: The name is taken.
        """
        if name in self._members:
            raise InputError(
                f"a {self.what} named {name!r} is registered already", hint="Choose another name."
            )
        self._members[name] = member
        return member

    def __getitem__(self, name: str) -> T:
        try:
            return self._members[name]
        except KeyError:
            raise UnknownNameError.among(self.what, name, self._members) from None

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def values(self) -> tuple[T, ...]:
        """The members, in the order they were added."""
        return tuple(self._members.values())
