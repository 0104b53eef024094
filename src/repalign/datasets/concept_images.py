"""Finding the photograph of each concept below a folder, by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from repalign.data.images import SUFFIXES, FileImage
from repalign.errors import FileError, IdentityError


def concept_images(folder: Path, stems: Sequence[str]) -> tuple[FileImage, ...]:
    """One image per stem, e.g. ``aardvark_01b``, from anywhere below ``folder``.

    An image belongs to a stem if it is called so (whatever its suffix), or lies in a folder called so.

    Args:
        folder: Searched with all its subfolders.
        stems: Names without suffix, in the order wanted.

    Raises:
        FileError: No such folder, or some stems have no image; some are named.
        IdentityError: Two images belong to one stem.
    """
    if not folder.is_dir():
        raise FileError(f"there is no folder {folder}", hint="Name the folder that holds the photographs.")
    wanted, found = set(stems), dict[str, Path]()
    for path in sorted(folder.rglob("*")):
        stem = next((name for name in (path.stem, path.parent.name) if name in wanted), None)
        if stem is None or path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        if stem in found:
            raise IdentityError(
                f"{folder} holds two images for {stem!r}: {found[stem]} and {path}",
                hint="Leave one of them, or name a folder that holds one set of photographs only.",
            )
        found[stem] = path
    missing = [stem for stem in stems if stem not in found]
    if missing:
        some = ", ".join(missing[:3])
        raise FileError(
            f"{folder} lacks {len(missing)} of {len(stems)} photographs, e.g. {some}",
            hint="They come from osf.io/jum2f and keep their published names, e.g. aardvark_01b.jpg.",
        )
    return tuple(FileImage(found[stem]) for stem in stems)
