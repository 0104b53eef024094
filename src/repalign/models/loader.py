"""Stimuli decoded and prepared ahead of the model, in the order of the set, in bounded memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from repalign.data import StimulusSet
from repalign.errors import UnknownNameError, UnsuitableError
from repalign.models.protocol import MODALITIES, Model

BATCHES_AHEAD = 2


@dataclass(frozen=True)
class Loaded:
    """One stimulus as the model wants it.

    Args:
        prepared: What :meth:`Model.prepare` gave.
        size: (height, width) of the image as decoded; None for texts.
        decoded_bytes: Memory that the decoded image took.
    """

    prepared: Any
    size: tuple[int, int] | None
    decoded_bytes: int


def check_modality(shown: Model, stimuli: StimulusSet) -> None:
    """Refuse stimuli that lack what the model responds to.

    Raises:
        UnknownNameError: The model's modality is none that repalign knows.
        UnsuitableError: The stimuli have no images, or no texts, as the model needs.
    """
    if shown.modality not in MODALITIES:
        raise UnknownNameError.among(f"modality (of {shown.name})", shown.modality, MODALITIES)
    has = {"image": stimuli.images, "text": stimuli.texts}
    if has[shown.modality] is None:
        other = [f"{word}s" for word, content in has.items() if content is not None]
        raise UnsuitableError(
            f"{shown.name} responds to {shown.modality}s, and {stimuli.name} has only "
            f"{other[0] if other else 'ids'}",
            hint=f"Choose another model, or give the stimuli {shown.modality}s.",
        )


def load(shown: Model, stimuli: StimulusSet, position: int) -> Loaded:
    """Decode and prepare one stimulus.

    Raises:
        FileError: The image is missing or damaged; its stimulus is named.
    """
    if shown.modality == "text":
        return Loaded(shown.prepare((stimuli.texts or ())[position]), None, 0)
    pixels = stimuli.pixels(position)
    return Loaded(shown.prepare(pixels), (pixels.shape[0], pixels.shape[1]), pixels.nbytes)


def batches(
    shown: Model, stimuli: StimulusSet, start: int, size: int, workers: int
) -> Generator[tuple[int, list[Loaded]]]:
    """Batches on a fixed grid, each with the position of its first stimulus.

    Threads, not processes: decoding and resizing release Python's lock, and nothing has to be copied
    from one process to another.

    Args:
        shown: The model that prepares the stimuli.
        stimuli: What is shown.
        start: The first position, a multiple of ``size``.
        size: Of a batch; the last may be smaller.
        workers: Threads that load ahead; 0 loads each batch when it is asked for.

    Raises:
        FileError: The first stimulus in order that cannot be loaded, whatever the workers.
    """
    n = len(stimuli)
    if workers == 0:
        for begin in range(start, n, size):
            yield begin, [load(shown, stimuli, i) for i in range(begin, min(begin + size, n))]
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="repalign-loader")
    try:
        yield from _ahead(lambda i: pool.submit(load, shown, stimuli, i), start, n, size)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _ahead(
    submit: Callable[[int], Future[Loaded]], start: int, n: int, size: int
) -> Iterator[tuple[int, list[Loaded]]]:
    flying: deque[Future[Loaded]] = deque()
    following = start
    for begin in range(start, n, size):
        end = min(begin + size, n)
        # What is being gathered counts as ahead, so the bound is BATCHES_AHEAD batches in all.
        while following < min(begin + BATCHES_AHEAD * size, n):
            flying.append(submit(following))
            following += 1
        yield begin, [flying.popleft().result() for _ in range(begin, end)]
