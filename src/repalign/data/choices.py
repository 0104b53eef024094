"""Choices: behaviour trial by trial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data.digests import digest_array, digest_bytes
from repalign.data.files import read_noun, write_arrays
from repalign.data.ids import positions
from repalign.errors import IdentityError, ShapeError, UnsuitableError

Labels = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Choices:
    """Trials of a categorisation or an odd-one-out task.

    Args:
        subject: Who chose, shape (n_trials,).
        stimulus: What was shown: ids of shape (n_trials,), or (n_trials, 3) for triplets.
        response: What was chosen, shape (n_trials,): a category, or the id of the odd one.
        correct: The correct response, shape (n_trials,); None where there is none.
        condition: The condition of each trial, shape (n_trials,); None where there is one only.
        name: Whose choices they are.

    Raises:
        ShapeError: The columns differ in length.
    """

    subject: Labels
    stimulus: Labels
    response: Labels
    correct: Labels | None = None
    condition: Labels | None = None
    name: str = "choices"

    def __post_init__(self) -> None:
        lengths: dict[str, int] = {}
        for column in ("subject", "stimulus", "response", "correct", "condition"):
            value = getattr(self, column)
            if value is not None:
                texts = np.asarray(value).astype(np.str_)
                object.__setattr__(self, column, texts)
                lengths[column] = len(texts)
        shape = self.stimulus.shape
        if len(set(lengths.values())) != 1 or not (len(shape) == 1 or (len(shape) == 2 and shape[1] == 3)):
            raise ShapeError(
                f"{self.name}: columns have one entry per trial (triplets: 3 ids); saw {lengths}, "
                f"stimulus {shape}",
                hint="Give every column the same number of trials.",
            )

    def __len__(self) -> int:
        return len(self.response)

    def __repr__(self) -> str:
        kind = "triplets" if self.is_triplets else "trials"
        return f"Choices({self.name!r}, n_subjects={len(self.subjects)}, {kind}={len(self)})"

    @property
    def is_triplets(self) -> bool:
        """Whether each trial shows three stimuli and asks for the odd one."""
        return self.stimulus.ndim == 2

    @cached_property
    def subjects(self) -> tuple[str, ...]:
        """The subjects, sorted."""
        return tuple(sorted(set(self.subject.tolist())))

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The stimuli that occur in any trial, sorted."""
        return tuple(sorted(set(self.stimulus.ravel().tolist())))

    @cached_property
    def digest(self) -> str:
        """Content digest of the trials, whatever their order."""
        shown = self.stimulus.T if self.is_triplets else [self.stimulus]
        columns = [self.subject, *shown, self.response]
        columns += [c for c in (self.correct, self.condition) if c is not None]
        order = np.lexsort(tuple(reversed(columns)))
        present = f"choices {self.correct is not None} {self.condition is not None}".encode()
        return digest_bytes(present, *(digest_array(c[order]).encode() for c in columns))

    def of(self, subject: str) -> Choices:
        """The trials of one subject.

        Raises:
            IdentityError: No such subject.
        """
        positions(self.subjects, (subject,), what="subjects")
        return self._where(np.asarray(self.subject == subject))

    def select(self, ids: Sequence[str]) -> Choices:
        """The trials in which only these stimuli occur.

        Raises:
            IdentityError: Some of them occur in no trial.
        """
        positions(self.ids, ids)
        keep = np.isin(self.stimulus, list(ids))
        return self._where(np.asarray(keep if keep.ndim == 1 else keep.all(axis=1)))

    def _where(self, keep: NDArray[np.bool_]) -> Choices:
        def cut(column: Labels | None) -> Labels | None:
            return None if column is None else column[keep]

        stimulus, correct, condition = self.stimulus[keep], cut(self.correct), cut(self.condition)
        return Choices(self.subject[keep], stimulus, self.response[keep], correct, condition, self.name)

    def correctness(self) -> NDArray[np.bool_]:
        """Whether each subject was right on each stimulus.

        Returns:
            Truth values of shape (n_subjects, n_stimuli), in the order of :attr:`subjects` and
            :attr:`ids`.

        Raises:
            UnsuitableError: There is no correct response, or the trials are triplets.
            IdentityError: A subject saw a stimulus not at all, or more than once.
        """
        if self.correct is None or self.is_triplets:
            raise UnsuitableError(
                f"{self.name}: these choices have no correct response",
                hint="Give Choices(correct=...), one per trial; triplets have none.",
            )
        rows = {s: i for i, s in enumerate(self.subjects)}
        columns = {s: i for i, s in enumerate(self.ids)}
        seen = np.zeros((len(rows), len(columns)), dtype=np.intp)
        right = np.zeros(seen.shape, dtype=bool)
        i = np.array([rows[str(s)] for s in self.subject], dtype=np.intp)
        j = np.array([columns[str(s)] for s in self.stimulus], dtype=np.intp)
        np.add.at(seen, (i, j), 1)
        right[i, j] = self.response == self.correct
        if (seen != 1).any():
            row, column = (int(k) for k in np.argwhere(seen != 1)[0])
            raise IdentityError(
                f"{self.name}: subject {self.subjects[row]!r} has {seen[row, column]} trials for stimulus "
                f"{self.ids[column]!r}; exactly one is needed",
                hint="Select the stimuli that everyone saw once: choices.select(ids).",
            )
        return right

    def save(self, path: Path | str) -> Path:
        """Write to ``.npz`` without pickle; :meth:`load` gives equal choices.

        Raises:
            StorageError: The file cannot be written.
        """
        columns = {c: getattr(self, c) for c in ("subject", "stimulus", "response", "correct", "condition")}
        kept = {c: v for c, v in columns.items() if v is not None}
        write_arrays(Path(path), kept, {"noun": "choices", "name": self.name})
        return Path(path)

    @classmethod
    def load(cls, path: Path | str) -> Choices:
        """Read what :meth:`save` wrote.

        Raises:
            FileError: Missing, damaged, or not choices.
        """
        arrays, header = read_noun(Path(path), "choices", ("subject", "stimulus", "response"), ("name",))
        correct, condition = arrays.get("correct"), arrays.get("condition")
        subject, stimulus, response = (arrays[c] for c in ("subject", "stimulus", "response"))
        return cls(subject, stimulus, response, correct, condition, header["name"])
