"""The check-suite of model sources: what every model must keep."""

from __future__ import annotations

from typing import Any

import numpy as np

from repalign.data import StimulusSet
from repalign.errors import RepalignError
from repalign.models import Model, extract, model
from repalign.seeds import rng


def check_model(named: Any, stimuli: StimulusSet | None = None, **parameters: Any) -> list[str]:
    """Check a model on a few made-up images.

    Finite numbers of one row per stimulus and the same layers each time; the same bits when asked again,
    when built again, in batches of any size and in any order of stimuli; labels for every unit.

    Args:
        named: Anything :func:`repalign.model` takes.
        stimuli: What to show; noise images of 64 x 64 by default.
        parameters: For the model.

    Returns:
        What is wrong, in words; empty when all is well.

    Example:
        >>> from repalign.testing import check_model
        >>> check_model("builtin/rgb")
        []
    """
    shown = stimuli if stimuli is not None else noise_stimuli()
    found = model(named, **parameters)
    try:
        faults = _faults(found, model(named, **parameters), shown)
    except RepalignError as error:
        faults = [error.message]
    return [f"{found.name}: {fault}" for fault in faults]


def _faults(found: Model, rebuilt: Model, shown: StimulusSet) -> list[str]:
    whole = extract(found, shown, layers="all")
    again = extract(rebuilt, shown, layers="all")
    single = extract(found, shown, layers="all", batch_size=1)
    backwards = extract(found, shown.select(shown.ids[::-1]), layers="all").select(shown.ids)
    laws = [
        (np.isfinite(whole.values).all(), "some responses are NaN or infinite"),
        (whole.ids == shown.ids, "the rows are not the stimuli shown"),
        (tuple(whole.split("layer")) == tuple(found.layers), "the layers are not those it names"),
        (set(found.default_layers) <= set(found.layers), "a default layer is none of its layers"),
        (np.array_equal(whole.values, again.values), "building it again changes its responses"),
        (rebuilt.digest == found.digest, "building it again changes its digest"),
        (np.array_equal(whole.values, single.values), "the batch size changes its responses"),
        (np.array_equal(whole.values, backwards.values), "the order of stimuli changes its responses"),
    ]
    return [fault for fine, fault in laws if not fine]


def noise_stimuli(n: int = 5, size: int = 64, seed: int = 0) -> StimulusSet:
    """Seeded images of coloured noise with a different mean colour each.

    Args:
        n: How many.
        size: Height and width in pixels.
        seed: Of the noise.
    """
    generator = rng(seed, "noise", "stimuli")
    means = generator.uniform(40, 215, size=(n, 1, 1, 3))
    images = np.clip(means + 40 * generator.normal(size=(n, size, size, 3)), 0, 255).astype(np.uint8)
    return StimulusSet.from_arrays([f"noise-{i:03d}" for i in range(n)], images=images, name="noise")
