"""Every error repalign raises on purpose.

The tree (kinds in brackets are what ``--json`` prints)::

    RepalignError
    ├── InputError (ValueError)      [input]         what was given breaks a rule
    │   ├── UnknownNameError         [unknown-name]  no such measure, data set, model, layer
    │   ├── IdentityError            [identity]      stimulus ids missing, doubled or differing
    │   ├── ShapeError               [shape]         an array has the wrong axes or lengths
    │   ├── DegenerateError          [degenerate]    NaN, constant pattern: no number exists
    │   ├── TooFewError              [too-few]       not enough stimuli, subjects or units
    │   ├── UnsuitableError          [unsuitable]    the measure needs what the data lack
    │   └── FileError                [file]          missing, unreadable or corrupt
    ├── UnavailableError             [unavailable]   a data set or an extra is not here
    │   ├── DownloadError            [download]      the address did not deliver
    │   └── VerificationError        [verification]  size or sha256 differ from the card
    ├── StorageError                 [storage]       a result could not be written
    └── UnitError                    [unit]          a unit of work failed

Each carries a ``message`` (what was seen, which rule it breaks) and a ``hint`` (what to do next).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any, ClassVar


class RepalignError(Exception):
    """Root of the tree: ``message`` says what was seen and the rule, ``hint`` the next step."""

    kind: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  {self.hint}" if self.hint else self.message

    def as_dict(self) -> dict[str, str]:
        """The error as the command line prints it with ``--json``."""
        return {"kind": self.kind, "message": self.message, "hint": self.hint}


class InputError(RepalignError, ValueError):
    """What was given breaks a rule."""

    kind = "input"


class UnknownNameError(InputError):
    """No registered thing has this name; the nearest known names are in the hint."""

    kind = "unknown-name"

    @classmethod
    def among(cls, what: str, name: str, known: Iterable[str]) -> UnknownNameError:
        """Build the error for ``name``, which should have been one of ``known``."""
        names = sorted(known)
        # "rgb" is short for "builtin/rgb", however unlike the two are to a counter of letters.
        short = [known for known in names if known.rpartition("/")[2] == name]
        near = short[:3] or get_close_matches(name, names, n=3, cutoff=0.5)
        listed = ", ".join(repr(n) for n in near or names[:8]) or "none"
        hint = f"Did you mean: {listed}?" if near else f"Known: {listed}."
        return cls(f"there is no {what} named {name!r}", hint=hint)


class IdentityError(InputError):
    """Stimulus ids are missing, doubled, or differ between the two sides."""

    kind = "identity"


class ShapeError(InputError):
    """An array has the wrong axes or lengths."""

    kind = "shape"


class DegenerateError(InputError):
    """No number exists for these values: NaN, a constant pattern, zero variance.

    ``rows`` holds the positions at fault, so that a caller who knows the ids can name them.
    """

    kind = "degenerate"

    def __init__(self, message: str, *, hint: str = "", rows: Sequence[int] = ()) -> None:
        super().__init__(message, hint=hint)
        self.rows = tuple(rows)


class TooFewError(InputError):
    """Not enough stimuli, subjects or units for what was asked."""

    kind = "too-few"


class UnsuitableError(InputError):
    """The measure needs something that these data do not have."""

    kind = "unsuitable"


class FileError(InputError):
    """A file is missing, unreadable, or not what its name says."""

    kind = "file"


class UnavailableError(RepalignError):
    """A data set or an optional extra is not on this machine."""

    kind = "unavailable"


class DownloadError(UnavailableError):
    """The address did not deliver the file."""

    kind = "download"


class VerificationError(UnavailableError):
    """A file's size or sha256 differs from its card."""

    kind = "verification"


class StorageError(RepalignError):
    """A result could not be written; nothing half-written was left behind."""

    kind = "storage"


class UnitError(RepalignError):
    """A unit of work failed."""

    kind = "unit"


def invalid(what: str, error: Any, *, hint: str) -> InputError:
    """All that pydantic found wrong with some settings, as one error of ours.

    Args:
        what: The settings, as the user named them.
        error: A ``pydantic.ValidationError``.
        hint: What to do.
    """
    found: list[str] = []
    for each in error.errors():
        place = ".".join(map(str, each["loc"]))
        said = " ".join(str(each["msg"]).removeprefix("Value error, ").split())
        found.append(f"{place}: {said}" if place else said)
    more = f"; and {len(found) - 6} more" if len(found) > 6 else ""
    return InputError(f"{what}: {'; '.join(found[:6])}{more}", hint=hint)
