"""Fixtures shared by the tests of the nouns."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager

import pytest

from repalign.errors import RepalignError

Refused = Callable[..., AbstractContextManager[None]]


@contextmanager
def _refused(kind: type[RepalignError], *words: str) -> Generator[None]:
    with pytest.raises(kind) as caught:
        yield
    error = caught.value
    assert type(error) is kind
    missing = [word for word in words if word not in error.message]
    assert not missing, f"{missing} not in {error.message!r}"
    assert error.hint, f"no hint with {error.message!r}"


@pytest.fixture(scope="session")
def refused() -> Refused:
    """A context that demands exactly this error, these words in its message, and a hint."""
    return _refused
