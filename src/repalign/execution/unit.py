"""A unit of work: an import name and a spec, with a digest and one result file."""

from __future__ import annotations

import importlib
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from repalign.data import digest_spec, replacing
from repalign.errors import RepalignError, UnitError

Work = Callable[..., None]


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
        module, _, name = self.function.partition(":")
        try:
            return getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            raise UnitError(
                f"the unit's function {self.function!r} cannot be imported ({error})",
                hint="Install the package it comes from on the machine that runs the unit.",
            ) from error


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
    """
    from threadpoolctl import threadpool_limits

    started = time.monotonic()
    error: dict[str, str] | None = None
    try:
        work = unit.load()
        with threadpool_limits(1), replacing(unit.result(place)) as temporary:
            work(dict(unit.spec), temporary, **unit.locations)
    except RepalignError as problem:
        error = problem.as_dict()
    except Exception as problem:
        message = f"{type(problem).__name__}: {problem}"
        hint = "This is a fault of repalign or of a plug-in, not yours; please report it with this trace."
        error = {"kind": "unexpected", "message": message, "hint": hint, "trace": traceback.format_exc()}
    return Outcome(unit, error, time.monotonic() - started)
