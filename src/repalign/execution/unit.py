"""A unit of work: an import name and a spec, with a digest and one result file."""

from __future__ import annotations

import errno
import importlib
import time
import traceback
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from repalign.data import digest_spec, replacing
from repalign.errors import RepalignError, UnitError

Work = Callable[..., None]
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Unit:
    """A pure function of a spec.

    Args:
        function: ``"package.module:function"``; called as ``function(spec, path, **locations)`` it
            writes its result to ``path``. It is our own or an installed package's code, never a
            submission's.
        spec: Everything that decides the result, as plain JSON values.
        locations: Where inputs lie on this machine. They are not part of the digest, so a result
            does not depend on where data are kept; the spec holds their content digests instead.
        suffix: Of the result file.
        label: What to call it while it runs.
    """

    function: str
    spec: Mapping[str, Any]
    locations: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ".parquet"
    label: str = ""

    @cached_property
    def digest(self) -> str:
        """Digest of function and spec: the name of the result."""
        return digest_spec({"function": self.function, "spec": dict(self.spec)})

    def result(self, place: Path) -> Path:
        """The result file below ``place``."""
        return place / f"{self.digest}{self.suffix}"

    def load(self) -> Work:
        """Import the function.

        Raises:
            UnitError: There is no such function.
        """
        return imported(
            self.function,
            f"the unit's function {self.function!r}",
            hint="Install the package it comes from on the machine that runs the unit.",
        )


def imported(name: str, what: str, *, hint: str) -> Any:
    """A function by its import name. It is our own or an installed package's code, never a submission's.

    Args:
        name: ``"package.module:function"``.
        what: What to call it in the error.
        hint: What to do where it is not there.

    Raises:
        UnitError: There is no such function.
    """
    module, _, function = name.partition(":")
    try:
        return getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError, TypeError) as error:  # TypeError: ".relative:name"
        raise UnitError(f"{what} cannot be imported ({error})", hint=hint) from error


@dataclass(frozen=True)
class Outcome:
    """How a unit ended: ``error`` is None, or ``{"kind", "message", "hint"}`` and for bugs a trace."""

    unit: Unit
    error: dict[str, str] | None
    seconds: float


def execute(unit: Unit, place: Path) -> Outcome:
    """Run one unit; its result is written to a temporary file and renamed into place.

    Numerical libraries get one thread, so that the bits of a result do not depend on how many
    units run side by side. Errors are caught and returned, so that one failure stops nothing else.

    Args:
        unit: What to run.
        place: Folder of the result file.

    Returns:
        How it ended: without an error the result is there.
    """
    from threadpoolctl import threadpool_limits

    started = time.monotonic()
    error: dict[str, str] | None = None
    try:
        work = unit.load()
        with threadpool_limits(1), replacing(unit.result(place)) as temporary, _apart(temporary):
            work(dict(unit.spec), temporary, **unit.locations)
            _check_written(unit, temporary)
    except RepalignError as problem:
        error = problem.as_dict()
    except (Exception, SystemExit) as problem:  # whatever a unit does, the others go on
        error = _unexpected(problem.__cause__ or problem if isinstance(problem, _FaultError) else problem)
    return Outcome(unit, error, time.monotonic() - started)


class _FaultError(Exception):
    """Carries a unit's own OSError past ``replacing``, which would take it for one of writing."""


@contextmanager
def _apart(temporary: Path) -> Generator[None]:
    """Tell a result that cannot be written from a file or connection that the unit could not open."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL or error.filename in (str(temporary), temporary):
            raise
        raise _FaultError from error


def _check_written(unit: Unit, temporary: Path) -> None:
    if not temporary.is_file():
        raise UnitError(
            f"{unit.function} ended without writing a result",
            hint="A unit's function writes one file to the path that it is given.",
        )


def _unexpected(problem: BaseException) -> dict[str, str]:
    trace = "".join(traceback.format_exception(problem))
    return {
        "kind": "unexpected",
        "message": f"{type(problem).__name__}: {problem}",
        "hint": "A fault of repalign or a plug-in, not yours; please report it with the trace in failures/.",
        "trace": trace,
    }
