"""Extraction into the store: what is there is read, what is missing is written, once."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from repalign.models.extraction_run import Job, Waiting, need_of, probe, run
from repalign.models.memory import Need, check_fits
from repalign.models.protocol import Model
from repalign.models.reduction import kept_units, label
from repalign.models.responses import kept
from repalign.models.store import Entry, read_entry, recipe_bytes, shown_digest
from repalign.models.store_lock import locked
from repalign.models.store_partial import Checkpoints, Partial, check_room
from repalign.version import __version__

CHEAP_SOURCES = ("builtin", "callable")  # computed with numpy, and again sooner than read from a disk


def is_cheap(name: str) -> bool:
    """Whether the model of this name is no network.

    Args:
        name: ``source/name``.

    Returns:
        True for models that are computed again sooner than read from a disk.
    """
    return name.partition("/")[0] in CHEAP_SOURCES


def entries_of(job: Job, root: Path) -> list[Entry]:
    """The places of the job's layers, in order.

    Raises:
        FileError: An image is missing; its stimulus is named.
    """
    shown = job.shown
    stimuli = shown_digest(job.stimuli, shown.modality)
    reduction = None if job.reduction is None else job.reduction.name
    return [
        Entry(root, shown.name, shown.digest, layer, stimuli, reduction, job.dtype.name)
        for layer in job.layers
    ]


def stored(job: Job, root: Path) -> tuple[Path, ...]:
    """Extract what is missing in the store; the model is shown nothing twice.

    Returns:
        The entries' folders, layer by layer; :func:`repalign.models.store.read_assembly` reads them.

    Raises:
        StorageError: The store cannot be written; what was finished is kept.
    """
    entries = entries_of(job, root)
    missing = [entry for entry in entries if not entry.exists()]
    # Killed between an entry's completion and its release, a process leaves a lock that nobody needs.
    with locked([entry.lock for entry in entries if entry.lock.exists() and entry not in missing]):
        pass
    if missing:
        with locked([entry.lock for entry in missing], lambda path: job.say(Waiting(path))):
            missing = [entry for entry in missing if not entry.exists()]
            if missing and job.reduction is not None and not job.reduction.by_batch:
                _reduce_whole(job, missing)
            elif missing:
                _fill(job, missing)
    if not missing:
        job.report(len(job.stimuli))
    return tuple(entry.folder for entry in entries)


def _fill(job: Job, entries: Sequence[Entry]) -> None:
    """Show the stimuli once and write all of these layers."""
    layers = [entry.layer for entry in entries]
    seen = probe(job, layers)
    need = need_of(job, seen, entries[0].root)
    check_fits(need, job.max_memory)
    partials = [_partial(job, entry, width) for entry, width in zip(entries, seen.widths, strict=True)]
    start = min(partial.rows for partial in partials)
    check_room(entries[0].root, sum(partial.bytes_left for partial in partials))
    job.say(replace(need, done=start))
    with Checkpoints(partials) as checkpoints:

        def write(begin: int, parts: list[NDArray[Any]]) -> None:
            for partial, part in zip(partials, parts, strict=True):
                partial.write(begin, part)
            checkpoints.offer()

        run(job, layers, seen, start, write)
    for partial in partials:
        partial.commit()


def _reduce_whole(job: Job, entries: Sequence[Entry]) -> None:
    """Extract all units into the store first, then reduce each layer; all units stay there."""
    assert job.reduction is not None
    root, ids = entries[0].root, job.stimuli.ids
    plain = replace(job, layers=tuple(entry.layer for entry in entries), reduction=None)
    stored(plain, root)
    for entry, source in zip(entries, entries_of(plain, root), strict=True):
        values, _ = read_entry(source.folder)
        n, width = values.shape
        passing = job.reduction.matrix_bytes(n, width)
        check_fits(Need(n, width, 1, job.dtype.name, values.nbytes, 0, passing, root), job.max_memory)
        names = [f"stimulus {i!r}" for i in ids]
        reduced = kept(job.reduction(values), job.dtype, f"{entry.model}, layer {entry.layer}", names)
        partial = _partial(job, entry, width)
        check_room(root, partial.bytes_left)
        partial.write(0, reduced)
        partial.commit()


def _partial(job: Job, entry: Entry, n_units: int) -> Partial:
    width = kept_units(n_units, job.reduction)
    recipe = recipe_bytes(
        entry,
        job.stimuli.ids,
        width,
        label(entry.layer, n_units, job.reduction),
        batch_size=job.batch_size,
        made_with=_made_with(job.shown),
    )
    return Partial(entry, recipe, (len(job.stimuli), width), job.dtype)


def _made_with(shown: Model) -> dict[str, str]:
    """Versions of what may decide the last bits."""
    numerical = ("numpy",) if is_cheap(shown.name) else ("numpy", "torch", "onnxruntime")
    used = {name: getattr(sys.modules.get(name), "__version__", None) for name in numerical}
    return {"repalign": __version__} | {name: str(version) for name, version in used.items() if version}
