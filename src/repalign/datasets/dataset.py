"""Dataset: a card, stimuli, targets and published responses, each loaded and verified when asked for."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from repalign.data import Assembly, Responses, StimulusSet, Target
from repalign.datasets.card import Card
from repalign.datasets.fetch import fetch, obtain
from repalign.datasets.places import destination, locate
from repalign.datasets.transfer import Progress
from repalign.datasets.verification import difference, verified
from repalign.errors import InputError, UnknownNameError


@dataclass(frozen=True)
class Files:
    """The files of a card by their names, each verified whenever it is asked for."""

    card: Card
    download: bool = True

    def __getitem__(self, name: str) -> Path:
        found = [file for file in self.card.files if file.name == name]
        if not found:
            raise UnknownNameError.among(f"file of {self.card.name}", name, (f.name for f in self.card.files))
        return obtain(found[0], dataset=self.card.name, download=self.download)


@dataclass(frozen=True)
class TargetSpec:
    """How a target is loaded and what may be said about it; see ``repalign.data.Target``.

    Args:
        load: Makes the responses from the data set's files.
        region: Where it was measured, or ``"behaviour"``.
        n_subjects: How many people or animals are behind it; 0 where there are none or the number is unknown.
        measure: The default measure's id.
        note: What limits inference.
        halves: Draws, from the files, the tables of two random halves of the people whom the target pools;
            None where the files do not say how many said what.
    """

    load: Callable[[Files], Responses]
    region: str
    n_subjects: int
    measure: str
    note: str = ""
    halves: Callable[[Files, np.random.Generator], tuple[Assembly, Assembly]] | None = None


class Check(NamedTuple):
    """Whether one file is here and right, and if not, why."""

    path: Path
    ok: bool
    message: str


class Dataset:
    """A published data set. Making one reads nothing; files are obtained when their content is asked for.

    Args:
        card: What is to be known about it.
        stimuli: Makes the stimuli from the files.
        targets: Name to target.
        responses: Name to what makes the published responses of a model that come with the data.
        needs: A Python module without which there is nothing to load.
        download: Whether missing files may be downloaded when they are asked for.

    Raises:
        InputError: Two files of the card have the same name.

    Example:
        >>> from repalign.datasets import dataset
        >>> ekman = dataset("ekman1954")
        >>> ekman.target("similarity").responses
        RDM('ekman1954/similarity', n_stimuli=14, 1 - mean similarity rating)
    """

    def __init__(
        self,
        card: Card,
        *,
        stimuli: Callable[[Files], StimulusSet],
        targets: Mapping[str, TargetSpec],
        responses: Mapping[str, Callable[[Files], Responses]] | None = None,
        needs: str | None = None,
        download: bool = True,
    ) -> None:
        doubled = [n for n, count in Counter(f.name for f in card.files).items() if count > 1]
        if doubled:
            raise InputError(
                f"{card.name}: files are asked for by name, and {doubled[0]!r} is there twice",
                hint="Give the card files of different names.",
            )
        self.card = card
        self.download = download
        self._load_stimuli = stimuli
        self._targets = dict(targets)
        self._responses = dict(responses or {})
        self._needs = needs
        self._loaded: dict[tuple[str, str], Responses] = {}

    def __repr__(self) -> str:
        return f"Dataset({self.name!r}, targets={list(self.targets)}, {self.status()})"

    @property
    def name(self) -> str:
        """The data set's name."""
        return self.card.name

    @property
    def files(self) -> Files:
        """The card's files by name; each is verified when asked for."""
        return Files(self.card, self.download)

    @cached_property
    def stimuli(self) -> StimulusSet:
        """The stimuli, in the published order.

        Raises:
            UnavailableError: Files are missing and could not be downloaded, or differ from the card.
        """
        return self._load_stimuli(self.files)

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the targets, the main one first."""
        return tuple(self._targets)

    def target(self, name: str) -> Target:
        """One target with its responses, named ``dataset/target``.

        Raises:
            UnknownNameError: No such target.
            UnavailableError: Files are missing and could not be downloaded, or differ from the card.
        """
        spec = self._spec(name)
        responses = self._cached("target", name, spec.load)
        return Target(f"{self.name}/{name}", responses, spec.region, spec.n_subjects, spec.note)

    def halves(self, name: str) -> Callable[[np.random.Generator], tuple[Assembly, Assembly]] | None:
        """What draws the tables of two halves of the people behind a target; None where that is not known.

        Raises:
            UnknownNameError: No such target.
        """
        draw = self._spec(name).halves
        return None if draw is None else partial(draw, self.files)

    @property
    def responses(self) -> tuple[str, ...]:
        """The names of the published models whose responses come with the data."""
        return tuple(self._responses)

    def response(self, name: str) -> Responses:
        """A published model's responses to the stimuli.

        Raises:
            UnknownNameError: No such model.
            UnavailableError: Files are missing and could not be downloaded, or differ from the card.
        """
        if name not in self._responses:
            raise UnknownNameError.among(f"published response of {self.name}", name, self._responses)
        return self._cached("response", name, self._responses[name])

    def default_measure(self, target: str) -> str:
        """The id of the measure that fits a target.

        Raises:
            UnknownNameError: No such target.
        """
        return self._spec(target).measure

    def status(self) -> str:
        """``"built in"``, ``"here"``, ``"in part"`` or ``"not here"``; neither network nor verification.

        Raises:
            FileError: ``REPALIGN_DATA`` names a folder that does not exist.
        """
        if self._needs is not None and importlib.util.find_spec(self._needs) is None:
            return "not here"
        if not self.card.files:
            return "built in"
        here = sum(locate(file) is not None for file in self.card.files)
        return "here" if here == len(self.card.files) else "in part" if here else "not here"

    def get(self, progress: Progress | None = None) -> tuple[Path, ...]:
        """Download what is missing, download again what is damaged in ``data_home()``, and verify all.

        Args:
            progress: Called with (bytes here, bytes in all) of the whole data set.

        Returns:
            Where the files lie, in the order of the card.

        Raises:
            DownloadError: An address did not deliver.
            VerificationError: A file under ``REPALIGN_DATA``, or a download, differs from the card.
            StorageError: The disk is full or the folder cannot be written.
        """
        places: list[Path] = []
        done, total = 0, sum(file.bytes for file in self.card.files)
        for file in self.card.files:
            report = None if progress is None else _shifted(progress, done, total)
            found = locate(file)
            if found is None or found == destination(file):
                places.append(fetch(file, progress=report))
            else:  # REPALIGN_DATA is never written to
                places.append(verified(found, file))
            done += file.bytes
            if progress is not None:
                progress(done, total)
        return tuple(places)

    def verify(self) -> list[Check]:
        """Compare every file with the card, without the network.

        Raises:
            FileError: ``REPALIGN_DATA`` names a folder that does not exist.
        """
        checks: list[Check] = []
        for file in self.card.files:
            found = locate(file)
            problem = "not here" if found is None else difference(found, file)
            checks.append(Check(found or destination(file), problem is None, problem or "as the card says"))
        return checks

    def path(self) -> Path | None:
        """The folder in which the files lie, or would after a download; None for what is built in.

        Raises:
            FileError: ``REPALIGN_DATA`` names a folder that does not exist.
        """
        places = [(locate(file) or destination(file)).parent for file in self.card.files]
        if not places:
            return None
        above = (places[0], *places[0].parents)
        return next(folder for folder in above if all(p.is_relative_to(folder) for p in places))

    def _spec(self, name: str) -> TargetSpec:
        if name not in self._targets:
            raise UnknownNameError.among(f"target of {self.name}", name, self._targets)
        return self._targets[name]

    def _cached(self, kind: str, name: str, load: Callable[[Files], Responses]) -> Responses:
        if (kind, name) not in self._loaded:
            self._loaded[kind, name] = load(self.files)
        return self._loaded[kind, name]


def _shifted(progress: Progress, done: int, total: int) -> Progress:
    return lambda here, _: progress(done + here, total)
