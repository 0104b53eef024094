"""StimulusSet: what was shown, in order, each with a unique id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data.digests import digest_bytes, digest_labels, digest_strings
from repalign.data.ids import check_ids, positions
from repalign.data.images import Image, Pixels
from repalign.data.stimulus_files import (
    Fields,
    fields_from_arrays,
    fields_from_folder,
    fields_from_mat,
    fields_from_table,
    load_fields,
    save_fields,
)
from repalign.errors import FileError, InputError, ShapeError, UnknownNameError, UnsuitableError


@dataclass(frozen=True, eq=False)
class StimulusSet:
    """Ordered stimuli with unique ids; each has an image, one or more texts, or both.

    Args:
        ids: Unique text, one per stimulus.
        images: One image per stimulus, or None.
        texts: One tuple of texts (captions, names) per stimulus, or None.
        columns: Metadata: name to an array of shape (n_stimuli,).
        name: What to call the set in messages.

    Raises:
        IdentityError: Ids are doubled or not text.
        ShapeError: Images, texts or a column do not have one entry per stimulus.
        InputError: A column holds neither text nor numbers nor truth values.
    """

    ids: tuple[str, ...]
    images: tuple[Image, ...] | None = None
    texts: tuple[tuple[str, ...], ...] | None = None
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])
    name: str = "stimuli"

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", check_ids(self.ids))
        columns = {name: _plain_column(name, values) for name, values in self.columns.items()}
        object.__setattr__(self, "columns", columns)
        lengths = {
            "images": None if self.images is None else len(self.images),
            "texts": None if self.texts is None else len(self.texts),
            **{f"column {name!r}": len(values) for name, values in self.columns.items()},
        }
        wrong = {what: n for what, n in lengths.items() if n is not None and n != len(self.ids)}
        if wrong:
            raise ShapeError(
                f"{self.name}: {len(self.ids)} ids, but "
                + ", ".join(f"{what} has {n}" for what, n in wrong.items()),
                hint="Give one entry per stimulus.",
            )

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        has = [w for w, x in (("images", self.images), ("texts", self.texts)) if x is not None]
        return f"StimulusSet({self.name!r}, n={len(self)}, {' and '.join(has) or 'ids only'})"

    @cached_property
    def digest(self) -> str:
        """Content digest over ids, images, texts and columns, in order."""
        images = [image.content_digest() for image in self.images or ()]
        texts = [digest_strings(texts) for texts in self.texts or ()]
        return digest_bytes(
            digest_strings(self.ids).encode(),
            digest_strings(images).encode(),
            digest_strings(texts).encode(),
            digest_labels(self.columns).encode(),
        )

    @classmethod
    def from_arrays(
        cls,
        ids: Sequence[str],
        *,
        images: Sequence[NDArray[Any]] | NDArray[Any] | None = None,
        texts: Sequence[str | Sequence[str]] | None = None,
        columns: Mapping[str, Sequence[Any] | NDArray[Any]] | None = None,
        name: str = "stimuli",
    ) -> StimulusSet:
        """Build a set from what is in memory.

        Args:
            ids: Unique text, one per stimulus.
            images: ``uint8`` arrays of shape (height, width, 3) or (height, width), one per
                stimulus; sizes may differ.
            texts: One text, or several, per stimulus.
            columns: Metadata, one entry per stimulus.
            name: What to call the set.

        Raises:
            ShapeError: An image is not 8-bit RGB or grey, or a length differs.
            IdentityError: Ids are doubled or not text.
        """
        return cls(**fields_from_arrays(ids, images=images, texts=texts, columns=columns, name=name))

    @classmethod
    def from_folder(
        cls, folder: Path | str, *, pattern: str = "**/*", name: str | None = None
    ) -> StimulusSet:
        """Build a set from a folder of images; ids are the paths below it, without suffix.

        Args:
            folder: The folder, searched recursively.
            pattern: Which files, as a glob; files that are no images by their suffix are passed over.
            name: What to call the set; the folder's name by default.

        Raises:
            FileError: No such folder, or no image in it.
            IdentityError: Two files differ in suffix only.
        """
        return cls(**fields_from_folder(Path(folder), pattern=pattern, name=name))

    @classmethod
    def from_table(
        cls, path: Path | str, *, id: str = "id", image: str | None = None, text: str | None = None
    ) -> StimulusSet:
        """Build a set from a table with a header: ``.csv``, ``.tsv``, or ``.json`` (a list of objects).

        Args:
            path: The table. Image paths in it are relative to the table's folder.
            id: The column that holds the ids.
            image: The column that holds image paths, if any.
            text: The column that holds texts, if any.

        Returns:
            The set; other columns become metadata (numbers where all entries are numbers).

        Raises:
            FileError: Missing or unreadable.
            UnknownNameError: A named column is not in the table.
        """
        return cls(**fields_from_table(Path(path), id=id, image=image, text=text))

    @classmethod
    def from_mat(
        cls,
        path: Path | str,
        variable: str,
        *,
        ids: Sequence[str] | str,
        image: str | None = "image",
        text: str | None = None,
        name: str | None = None,
    ) -> StimulusSet:
        """Build a set from a MATLAB struct array.

        Args:
            path: The ``.mat`` file (version 4 to 7.2).
            variable: The struct array in it, one element per stimulus.
            ids: The field that holds the ids, or the ids themselves in the order of the array.
            image: The field that holds pixels (``uint8``, height x width x 3), if any.
            text: The field that holds texts, if any.
            name: What to call the set.

        Returns:
            The set; other fields that hold one number or text per element become metadata.

        Raises:
            FileError: Missing or damaged.
            UnknownNameError: No such variable or field.
        """
        fields = fields_from_mat(Path(path), variable, ids=ids, image=image, text=text, name=name)
        return cls(**fields)

    def save(self, folder: Path | str) -> Path:
        """Write ids, texts, columns and images into a folder; :meth:`load` gives an equal set.

        Raises:
            StorageError: The folder cannot be written.
        """
        fields = Fields(
            ids=self.ids, images=self.images, texts=self.texts, columns=self.columns, name=self.name
        )
        return save_fields(fields, Path(folder))

    @classmethod
    def load(cls, folder: Path | str) -> StimulusSet:
        """Read what :meth:`save` wrote.

        Raises:
            FileError: Missing or damaged.
        """
        return cls(**load_fields(Path(folder)))

    def select(self, ids: Sequence[str]) -> StimulusSet:
        """The stimuli with these ids, in this order.

        Raises:
            IdentityError: Some ids are not in the set.
        """
        rows = positions(self.ids, ids)
        places: list[int] = rows.tolist()
        return StimulusSet(
            tuple(ids),
            None if self.images is None else tuple(self.images[i] for i in places),
            None if self.texts is None else tuple(self.texts[i] for i in places),
            {name: values[rows] for name, values in self.columns.items()},
            self.name,
        )

    def column(self, name: str) -> NDArray[Any]:
        """A metadata column, shape (n_stimuli,).

        Raises:
            UnknownNameError: No such column.
        """
        if name not in self.columns:
            raise UnknownNameError.among("column", name, self.columns)
        return self.columns[name]

    def pixels(self, position: int) -> Pixels:
        """Decode one image: ``uint8`` of shape (height, width, 3).

        Raises:
            UnsuitableError: The set has no images.
            FileError: The image is missing or damaged; the message names the stimulus.
        """
        if self.images is None:
            raise UnsuitableError(
                f"{self.name} has no images, only {'texts' if self.texts else 'ids'}",
                hint="Choose a model that reads texts, or give the set its images.",
            )
        try:
            return self.images[position].pixels()
        except FileError as error:
            raise FileError(f"stimulus {self.ids[position]!r}: {error.message}", hint=error.hint) from error

    def batches(self, size: int) -> Iterator[list[Pixels]]:
        """Decoded images, ``size`` at a time, so that memory stays bounded."""
        for start in range(0, len(self), size):
            yield [self.pixels(i) for i in range(start, min(start + size, len(self)))]


def _plain_column(name: str, values: Any) -> NDArray[Any]:
    column = np.asarray(values)
    if column.dtype.kind in "OT":
        column = column.astype(np.str_)
    if column.ndim != 1:
        raise ShapeError(
            f"column {name!r} has shape {column.shape}; a column is (n_stimuli,)",
            hint="Make a column of each of its parts.",
        )
    if column.dtype.kind not in "biufU":
        raise InputError(
            f"column {name!r} holds {column.dtype}; columns are text, numbers or truth values",
            hint="Convert it, e.g. to text: values.astype(str).",
        )
    return column
