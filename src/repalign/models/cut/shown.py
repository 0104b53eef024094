"""What is shown to the first half of a cut: prepared stimuli by position, and the digest of their content."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data import StimulusSet, check_ids, digest_array, digest_spec
from repalign.data.digests import digest_strings
from repalign.errors import ShapeError
from repalign.models.preprocessing import Preprocessing
from repalign.models.store import shown_digest


@dataclass(frozen=True)
class Shown:
    """Stimuli as a network sees them.

    A perturbation of stimuli is another :class:`Shown`: its digest must say which, and with which seed.

    Args:
        ids: Of the stimuli.
        digest: Of all that decides what ``prepared`` gives.
        prepared: From the first position and the one behind the last to an array of these stimuli.
    """

    ids: tuple[str, ...]
    digest: str
    prepared: Callable[[int, int], NDArray[Any]]

    @classmethod
    def of_stimuli(cls, stimuli: StimulusSet, preprocessing: Preprocessing) -> Shown:
        """The images of a set, decoded anew whenever they are asked for.

        Args:
            stimuli: With images.
            preprocessing: Applied to each; it must give all of them one size.

        Raises:
            FileError: An image is missing; its stimulus is named.
        """
        digest = digest_spec(
            {"stimuli": shown_digest(stimuli, "image"), "preprocessing": preprocessing.as_dict()}
        )

        def prepared(first: int, last: int) -> NDArray[Any]:
            return np.stack([preprocessing(stimuli.pixels(i)) for i in range(first, last)])

        return cls(stimuli.ids, digest, prepared)

    @classmethod
    def of_array(cls, ids: Sequence[str], values: NDArray[Any]) -> Shown:
        """Prepared stimuli that are in memory.

        Args:
            ids: One per row.
            values: Images of shape (n, 3, height, width), or tokens of shape (n, context).

        Raises:
            IdentityError: Ids are doubled.
            ShapeError: Not one row per id.
        """
        names = check_ids(ids)
        if len(names) != len(values):
            raise ShapeError(f"{len(names)} ids for {len(values)} stimuli", hint="Give one id per row.")
        digest = digest_spec({"ids": digest_strings(names), "values": digest_array(values)})
        return cls(names, digest, lambda first, last: values[first:last])
