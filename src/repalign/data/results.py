"""ResultsDir: what a study leaves behind, and all that reports and leaderboards read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from repalign.data.digests import canonical_json, digest_array, digest_labels
from repalign.data.files import read_arrays, read_json, readable, write_arrays, write_bytes
from repalign.data.scores import ScoreTable
from repalign.errors import FileError


class ResultsDir:
    """A folder of results.

    - ``scores/DIGEST.parquet``: rows, immutable, one file per unit of work;
    - ``failures/DIGEST.json``: what could not be computed, and why;
    - ``arrays/DIGEST.npz``, ``thumbs/DIGEST.*``: views (RDMs, maps, differences); small pictures;
    - ``spec.json``: the study that was asked for; by label the units and views that count, and the recipe
      of each unit.

    Args:
        root: The folder; it is made when something is written.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)

    def __repr__(self) -> str:
        return f"ResultsDir({str(self.root)!r}, {len(self.units())} units)"

    @property
    def scores_dir(self) -> Path:
        """Where units write their rows."""
        return self.root / "scores"

    @property
    def failures_dir(self) -> Path:
        """Where failed units leave their error."""
        return self.root / "failures"

    def units(self) -> list[str]:
        """Digests of the units that have finished, sorted."""
        return sorted(p.stem for p in self.scores_dir.glob("*.parquet") if not p.name.startswith("."))

    def scores(self, units: list[str] | None = None) -> ScoreTable:
        """All rows that count, in canonical order, whatever the order in which the units finished.

        Args:
            units: Only these units, by digest. By default those that ``spec.json`` lists, as far as
                they have finished, so that superseded rows are not shown; all where it lists none.

        Raises:
            FileError: A file is missing or damaged.
        """
        names = self._current() if units is None else units
        return ScoreTable.from_parquet(*(self.scores_dir / f"{u}.parquet" for u in names)).sorted()

    def _current(self) -> list[str]:
        finished = self.units()
        units = self.known_spec().get("units", {})
        listed = set(_mapping(units, "list of units in the study spec").values())
        return [u for u in finished if u in listed] if listed else finished

    def write_spec(self, spec: Mapping[str, Any]) -> None:
        """Write the study's spec.

        Raises:
            StorageError: The folder cannot be written.
        """
        canonical_json(dict(spec))  # refuses what would not survive the round trip
        write_bytes(self.root / "spec.json", json.dumps(spec, indent=1, sort_keys=True).encode())

    def spec(self) -> dict[str, Any]:
        """The study that was asked for.

        Raises:
            FileError: There is none.
        """
        return _mapping(read_json(self.root / "spec.json", "study spec"), "study spec")

    def recipes(self) -> dict[str, dict[str, Any]]:
        """For each unit that counts its spec, in order of labels; empty in folders that do not say.

        Raises:
            FileError: ``spec.json`` is damaged.
        """
        spec = self.known_spec()
        listed = _mapping(spec.get("units", {}), "list of units in the study spec")
        recipes = _mapping(spec.get("recipes", {}), "recipes in the study spec")
        units = dict.fromkeys(listed[label] for label in sorted(listed))
        return {unit: _mapping(recipes[unit], "recipe") for unit in units if unit in recipes}

    def views(self) -> list[tuple[dict[str, NDArray[Any]], dict[str, Any]]]:
        """What benchmarks left for the report to draw, as (arrays, header), in order of their labels.

        ``header["view"]`` is ``"geometry"`` (RDMs, a map) or ``"differences"``; see
        :mod:`repalign.benchmarks.views`. Views that failed or have not been made are passed over.

        Raises:
            FileError: A view or ``spec.json`` is damaged.
        """
        listed = _mapping(self.known_spec().get("views", {}), "list of views in the study spec")
        there = [listed[label] for label in sorted(listed) if self._array_file(listed[label]).exists()]
        return [self.arrays(digest) for digest in there]

    def view_recipes(self) -> dict[str, dict[str, Any]]:
        """For each view by its label ``{"digest", "spec"}``: what it was made from.

        Raises:
            FileError: ``spec.json`` is damaged.
        """
        listed = _mapping(self.known_spec().get("view_recipes", {}), "recipes of views")
        return {label: _mapping(listed[label], "recipe") for label in sorted(listed)}

    def known_spec(self) -> dict[str, Any]:
        """The study that was asked for; empty where nothing says which.

        Raises:
            FileError: ``spec.json`` is damaged.
        """
        return self.spec() if (self.root / "spec.json").is_file() else {}

    def failures(self) -> dict[str, dict[str, Any]]:
        """Failed units: digest to ``{"kind", "message", "hint", "spec"}``."""
        found = sorted(self.failures_dir.glob("*.json")) if self.failures_dir.is_dir() else []
        return {p.stem: read_json(p, "failure") for p in found if not p.name.startswith(".")}

    def write_arrays(self, arrays: Mapping[str, NDArray[Any]], header: Mapping[str, Any]) -> str:
        """Write named arrays under their content digest, once.

        Returns:
            The digest; :meth:`arrays` reads them back.

        Raises:
            StorageError: The folder cannot be written.
        """
        head = np.array(canonical_json(dict(header)).decode())
        plain = {key: np.asarray(values) for key, values in arrays.items()}
        name = digest_labels({**plain, "__header__": head})
        path = self._array_file(name)
        if not path.exists():
            write_arrays(path, arrays, header)
        return name

    def arrays(self, digest: str) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Named arrays and their header.

        Raises:
            FileError: Not here, or damaged.
        """
        return read_arrays(self._array_file(digest), "arrays")

    @property
    def arrays_dir(self) -> Path:
        """Where views and other arrays lie."""
        return self.root / "arrays"

    def _array_file(self, digest: str) -> Path:
        _check_digest(digest)
        return self.arrays_dir / f"{digest}.npz"

    def write_thumb(self, pixels: NDArray[np.uint8], *, size: int = 64) -> str:
        """Write a small PNG of an image, once.

        Args:
            pixels: ``uint8`` of shape (height, width, 3).
            size: The longer side in pixels; smaller images stay as they are.

        Returns:
            The digest of the picture.

        Raises:
            StorageError: The folder cannot be written.
        """
        import io

        from PIL import Image as PILImage

        picture = PILImage.fromarray(pixels)
        picture.thumbnail((size, size))
        name = digest_array(np.asarray(picture))
        path = self.root / "thumbs" / f"{name}.png"
        if not path.exists():
            buffer = io.BytesIO()
            picture.save(buffer, format="PNG")
            write_bytes(path, buffer.getvalue())
        return name

    def thumb(self, digest: str) -> Path:
        """The file of a thumbnail.

        Raises:
            FileError: Not here.
        """
        _check_digest(digest)
        return readable(self.root / "thumbs" / f"{digest}.png", "thumbnail")

    @classmethod
    def open(cls, root: Path | str) -> ResultsDir:
        """Open an existing results folder.

        Raises:
            FileError: The folder holds no results.
        """
        results = cls(root)
        if not results.scores_dir.is_dir():
            raise FileError(
                f"{root} holds no results (it has no scores/ folder)",
                hint="Name the folder given as --out to `repalign score` or `repalign demo`.",
            )
        return results


def _check_digest(name: object) -> None:
    """Refuse what would lead out of the folder: it may come from somebody else."""
    if not (isinstance(name, str) and re.fullmatch(r"[0-9a-f]{8,64}", name)):
        raise FileError(f"{name!r} is no digest", hint="The folder is damaged; run the study again.")


def _mapping(content: object, what: str) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise FileError(f"the {what} is no JSON object", hint="Run the study again.")
    return cast(dict[str, Any], content)
