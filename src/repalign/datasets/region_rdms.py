"""RDMs of brain regions that the user computed: a folder with one file per region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from repalign.data import FORMATS, RDM, StimulusSet, Target, read_responses
from repalign.datasets.card import Card
from repalign.datasets.concept_images import concept_images
from repalign.datasets.dataset import Dataset, Files, TargetSpec
from repalign.datasets.transfer import Progress
from repalign.errors import (
    FileError,
    IdentityError,
    InputError,
    UnavailableError,
    UnknownNameError,
    UnsuitableError,
)

MEASURE = "rsa-correlation-spearman"
ONE_RDM = "one RDM, subjects not told apart: no ceiling"


class RegionRdms(Dataset):
    """A data set whose targets are RDMs that the user computed from recordings kept elsewhere.

    Without a folder every region is a target that is unavailable and says how to make it; with one the
    targets are the regions that have a file.

    Args:
        card: What is to be known about the recordings; it names no files.
        regions: All regions, in the order in which they are listed.
        rdms: The folder; files are called as their region (``V1.npz``).
        images: Below it lie the stimuli's images, each called as its id or in a folder called so.

    Raises:
        FileError: There is no such folder, it holds no RDM, or a region's file is in no known format.
        UnknownNameError: A file holds responses and is called as no region.
        IdentityError: Two files are of one region.
    """

    def __init__(self, card: Card, regions: Sequence[str], rdms: Path | None, images: Path | None) -> None:
        paths = dict[str, Path]() if rdms is None else _by_region(card.name, regions, rdms)
        self._all = tuple(regions)
        self._paths = paths
        self._folder = rdms
        targets = {
            region: TargetSpec(
                partial(_load, card.name, region, paths.get(region)), region, 0, MEASURE, ONE_RDM
            )
            for region in regions
            if rdms is None or region in paths
        }
        super().__init__(card, stimuli=lambda _: self._shown(images), targets=targets)

    def target(self, name: str) -> Target:
        """One region, named ``dataset/region``; as many subjects as its file tells apart.

        Raises:
            UnknownNameError: No such region, or it has no file.
            UnavailableError: No folder was given.
            UnsuitableError: The file holds responses and no RDM.
            InputError: It holds several RDMs and does not say whose.
        """
        found = super().target(name)
        people = len(set(found.subjects))
        return replace(found, n_subjects=people, note="" if people else ONE_RDM)

    def status(self) -> str:
        """``"here"``, ``"in part"`` (some regions have no file) or ``"not here"``; nothing is read."""
        return "not here" if not self._paths else "here" if len(self._paths) == len(self._all) else "in part"

    def get(self, progress: Progress | None = None) -> tuple[Path, ...]:
        """Where the RDMs lie. Nothing is downloaded.

        Raises:
            UnavailableError: No folder was given.
        """
        if not self._paths:
            raise missing(self.name, self._all[0])
        return tuple(self._paths.values())

    def path(self) -> Path | None:
        """The folder of RDMs; None where none was given."""
        return self._folder

    def _shown(self, images: Path | None) -> StimulusSet:
        """Every stimulus of some region, in the order in which the regions' files name them."""
        self.get()  # refuses where no folder was given
        ids = tuple(dict.fromkeys(i for name in self.targets for i in self.target(name).ids))
        if images is None:
            return StimulusSet(ids, name=self.name)
        try:
            return StimulusSet(ids, concept_images(images, ids), name=self.name)
        except FileError as error:
            hint = "An image is called as its id in the RDMs, or lies in a folder called so."
            raise FileError(error.message, hint=hint) from error


def missing(name: str, region: str) -> UnavailableError:
    """What to say where no folder of RDMs was given."""
    return UnavailableError(
        f"{name}: no RDM of {region} is here; recordings are not downloaded, and RDMs are the user's to make",
        hint=f"Save an RDM per region with stimulus ids and subjects, as FOLDER/{region}.npz and so on, and "
        f"give dataset('{name}', rdms=FOLDER); docs/cards/{name}.md has an example.",
    )


def _by_region(name: str, regions: Sequence[str], folder: Path) -> Mapping[str, Path]:
    if not folder.is_dir():
        raise FileError(f"there is no folder {folder}", hint="Name the folder that holds an RDM per region.")
    found, unread = dict[str, Path](), dict[str, Path]()
    for path in sorted(folder.iterdir()):
        if not any(known.recognise(path) for known in FORMATS.values()):
            unread[path.stem] = path  # a note, a picture, a list of names
        elif path.stem not in regions:
            raise UnknownNameError.among(f"region of {name}", path.stem, regions)
        elif path.stem in found:
            raise IdentityError(
                f"two files are of {path.stem}: {found[path.stem]} and {path}", hint="Leave one of them."
            )
        else:
            found[path.stem] = path
    strange = [unread[region] for region in regions if region in unread and region not in found]
    if strange or not found:
        seen = f"{strange[0]} is called as a region and" if strange else f"{folder}: every file in it"
        raise FileError(
            f"{seen} is in no format in which RDMs are read",
            hint=f"Name files as regions (V1.npz, V2.csv) and write them as one of: {', '.join(FORMATS)}.",
        )
    return {region: found[region] for region in regions if region in found}


def _load(name: str, region: str, path: Path | None, _: Files) -> RDM:
    if path is None:
        raise missing(name, region)
    rdm = read_responses(path, name=f"{name}/{region}")
    if not isinstance(rdm, RDM):
        raise UnsuitableError(
            f"{path} holds responses of {rdm.n_units} units, and {name} takes RDMs",
            hint="Make an RDM of each subject, stack and label them: RDM(values, ids, {'subject': names}).",
        )
    if rdm.values.ndim == 1:
        return rdm
    if "subject" not in rdm.labels:
        raise InputError(
            f"{path} holds {rdm.n_rdms} RDMs and does not say whose: they may be people or sessions",
            hint="Label them: RDM(values, ids, {'subject': names}).",
        )
    # A ceiling belongs to people: whoever has several RDMs counts once.
    several = len(set(rdm.labels["subject"].tolist())) < rdm.n_rdms
    return rdm.mean_within("subject") if several else rdm
