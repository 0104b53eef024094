"""One training run: loss and alignment by epoch, and the window in which it was perturbed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from repalign.errors import FileError, InputError
from repalign.training.published.kinds import FLAGS, Family, Place
from repalign.training.published.tables import Table, read_table

# Recorded p-values treat pairs of stimuli as independent: they may be there, and nobody uses them.
NEEDED = ("epoch", "train_loss", "test_loss", "behavioral_rsa_rho")


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """A run as recorded, up to the epoch before its loss was first no number.

    Args:
        name: How it is called in messages: its path below the folder that was read.
        family: Which experiment it belongs to.
        kind: Of perturbation; None for a baseline.
        start: First perturbed epoch; None for a baseline.
        length: Epochs in the window; None for a baseline.
        epochs: Rising by one, (k,).
        train_loss: (k,).
        loss: On validation stimuli, (k,), finite.
        rsa: Behavioural alignment, (k,); NaN where it is undefined.
        source: The file.
        notes: What a reader of the numbers must know.
    """

    name: str
    family: Family
    kind: str | None
    start: int | None
    length: int | None
    epochs: NDArray[np.int64]
    train_loss: NDArray[np.float64]
    loss: NDArray[np.float64]
    rsa: NDArray[np.float64]
    source: Path
    notes: tuple[str, ...] = field(default=())

    @property
    def window(self) -> tuple[int, int]:
        """First and last perturbed epoch.

        Raises:
            InputError: It is a baseline.
        """
        if self.start is None or self.length is None:
            raise InputError(f"{self.name} is a baseline and has no window", hint="Name a perturbed run.")
        return self.start, self.start + self.length - 1

    def at(self, epoch: int) -> tuple[float, float] | None:
        """Loss and RSA at an epoch; None if it is not on record."""
        found = np.flatnonzero(self.epochs == epoch)
        return (float(self.loss[found[0]]), float(self.rsa[found[0]])) if len(found) else None


def read_run(path: Path, place: Place | None = None, *, name: str = "") -> TrainingRun:
    """Read a run; CRLF or LF, with any number of flag columns.

    Args:
        path: The file.
        place: What its name says about it; what flags say must agree.
        name: For messages; the file's own name by default.

    Returns:
        The run; where its loss is NaN or infinite from some epoch on, the epochs before, with a note.
        With no epoch left it is empty.

    Raises:
        FileError: Columns missing, epochs doubled or missing, no number where one belongs, flags that say
            something else than the name, or a first row that is not the first perturbed epoch.
    """
    table, name = read_table(path), name or path.name
    table.require(NEEDED, "a training run")
    epochs = table.integers("epoch")
    _check_epochs(path, epochs)
    flagged = _flagged(table)
    place = place or _place_from_flags(path, epochs, flagged)
    kind, notes = _check_flags(name, epochs, flagged, place)
    if place.start is not None and epochs[0] != place.start:
        raise FileError(
            f"{name}: its first row is epoch {epochs[0]}, its first perturbed epoch {place.start}",
            hint="A perturbed run is recorded from its first perturbed epoch; the baseline has those before.",
        )
    loss, rsa = table.numbers("test_loss"), table.numbers("behavioral_rsa_rho")
    kept, more = _usable(name, epochs, loss, rsa)
    return TrainingRun(
        name,
        place.family,
        kind,
        place.start,
        place.length,
        epochs[:kept],
        table.numbers("train_loss")[:kept],
        loss[:kept],
        np.where(np.isfinite(rsa), rsa, np.nan)[:kept],
        path,
        (*notes, *more),
    )


def _check_epochs(path: Path, epochs: NDArray[np.int64]) -> None:
    steps = np.diff(epochs)
    odd = np.flatnonzero(steps != 1)
    if not len(odd):
        return
    before, after = int(epochs[odd[0]]), int(epochs[odd[0] + 1])
    seen = "epoch {1} is there twice" if after in epochs[: odd[0] + 1] else "epoch {1} follows epoch {0}"
    raise FileError(
        f"{path}: {seen.format(before, after)}; epochs rise by one",
        hint="Two runs may have been written into one file; keep the rows of one.",
    )


def _flagged(table: Table) -> dict[str, NDArray[np.bool_]]:
    unknown = [name for name in table.columns if name.startswith("used_") and name not in FLAGS]
    if unknown:
        table.require([name for name in FLAGS if name not in table.columns], "flags of a run")
    return {kind: table.truths(name) for name, kind in FLAGS.items() if name in table.columns}


def _place_from_flags(path: Path, epochs: NDArray[np.int64], flagged: dict[str, NDArray[np.bool_]]) -> Place:
    on = np.any(list(flagged.values()), axis=0) if flagged else np.zeros(len(epochs), dtype=np.bool_)
    if not on.any():
        raise FileError(
            f"{path}: neither its name nor flags say which epochs were perturbed, or that it is a baseline",
            hint="Names that are known: baseline*.csv, training_run5/, random_target_e10_l20/, "
            "target_noise/training_res_run5.csv.",
        )
    length = int(on.sum())
    return Place("length" if length > 1 else "sweep", None, int(epochs[on][0]), length)


def _check_flags(
    name: str, epochs: NDArray[np.int64], flagged: dict[str, NDArray[np.bool_]], place: Place
) -> tuple[str | None, list[str]]:
    """The kind of perturbation, where flags and name say the same, and what is to be noted."""
    seen = {kind: epochs[on].tolist() for kind, on in flagged.items() if on.any()}
    if place.family == "baseline":
        if seen:
            raise _differs(name, f"flags say {', '.join(seen)}", "it is called a baseline")
        return None, []
    first, last = place.start or 0, (place.start or 0) + (place.length or 0) - 1
    notes = []
    if epochs[-1] < last:
        notes.append(f"{name}: its window ends at epoch {last}, its record at {epochs[-1]}: cut short")
    kind = place.kind or next(iter(seen), "target_noise")
    if kind not in flagged and not seen:
        return kind, notes  # its form has no column for this kind
    if list(seen) != [kind]:
        raise _differs(name, f"flags say {', '.join(seen) or 'no perturbation'}", f"its name {kind}")
    if seen[kind] != [e for e in epochs.tolist() if first <= e <= last]:
        raise _differs(
            name, f"flags are set at epochs {_span(seen[kind])}", f"its name says {first} to {last}"
        )
    return kind, notes


def _differs(name: str, seen: str, said: str) -> FileError:
    return FileError(f"{name}: {seen}, {said}", hint="Put the run where it belongs, or leave it out.")


def _span(epochs: list[int]) -> str:
    whole = epochs == list(range(epochs[0], epochs[-1] + 1))
    return f"{epochs[0]} to {epochs[-1]}" if whole else ", ".join(map(str, epochs[:8]))


def _usable(
    name: str, epochs: NDArray[np.int64], loss: NDArray[np.float64], rsa: NDArray[np.float64]
) -> tuple[int, list[str]]:
    """How many rows can be used, and what is to be noted."""
    kept, notes = finite_part(name, epochs, loss)
    absent = epochs[:kept][~np.isfinite(rsa[:kept])]
    if len(absent):
        notes.append(
            f"{name}: RSA is undefined at epochs {_span(absent.tolist())}; these have no effect on it"
        )
    return kept, notes


def finite_part(name: str, epochs: NDArray[np.int64], loss: NDArray[np.float64]) -> tuple[int, list[str]]:
    """How many epochs there are before the loss is first no number, and what is to be noted."""
    bad = np.flatnonzero(~np.isfinite(loss))
    if not len(bad):
        return len(loss), []
    kept = int(bad[0])
    what = f"its {kept} epochs before are kept" if kept else "nothing of it can be used"
    return kept, [f"{name}: the loss is {loss[kept]} at epoch {epochs[kept]}; {what}"]
