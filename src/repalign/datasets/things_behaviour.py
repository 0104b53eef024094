"""THINGS behaviour: odd-one-out choices among objects, as a human RDM and as a 66-dimensional embedding."""

from __future__ import annotations

import csv
import re
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from repalign.data import RDM, Assembly, StimulusSet, read_mat
from repalign.data.images import FileImage
from repalign.datasets.card import Card, github_file
from repalign.datasets.concept_images import concept_images
from repalign.datasets.dataset import Dataset, Files, TargetSpec

EMBEDDING = "spose_embedding66d_rescaled.csv"
ORDER48 = "spose_embedding66d_rescaled_48val_reordered.csv"
RDM48, WORDS48 = "RDM48_triplet.mat", "words48.mat"
REPO, LOCAL = "marrenj/cvpr_perturbations", "marrenj+cvpr_perturbations/data"

CARD = Card(
    name="things-behaviour",
    title="THINGS odd-one-out choices: a human RDM of 48 objects, 66 dimensions of 1,854",
    description=(
        "For 48 objects how rarely people kept two of them together, over all triplets; for 1,854 objects "
        "66 non-negative dimensions (SPoSE) fitted to 4.7 million choices, rescaled to 0..100. The "
        "photographs are not included: get them from osf.io/jum2f and give their folder as images=FOLDER. "
        "Without them the stimuli are the object's names."
    ),
    files=(
        github_file(
            REPO,
            "c4d526b1ddd3cbdbbc45f298067a9a668bc90c74",
            f"data/{RDM48}",
            "c08e207821fdba8d85e2d1018d89ca9a79afd106cc7db20506a69678528f094b",
            8294,
        ),
        github_file(
            REPO,
            "8535810c167ed0ea5c1deafffc7a0995547be11f",
            f"clip_hba_behavior/Data/{EMBEDDING}",
            "cf37e22d06dbd17d66826f29793d3f8551d71349fc3330282661c64c213c5964",
            2322191,
            path=f"{LOCAL}/{EMBEDDING}",
        ),
        github_file(
            REPO,
            "5c04baee7c57f3e7ef11d0d65b33c3732e7df9fc",
            f"clip_hba_behavior/Data/{ORDER48}",
            "fa89ec036c01f1ffdf1bfe0593bfde8048f0a2c04e723be34f1f21c22dc2d5dd",
            59801,
            path=f"{LOCAL}/{ORDER48}",
        ),
        github_file(
            REPO,
            "8535810c167ed0ea5c1deafffc7a0995547be11f",
            f"clip_hba_behavior/Data/{WORDS48}",
            "b6a0cc9058138293b5b0a39d503f41be965ea22572db60af19c0e930d66bf8a0",
            643,
            path=f"marrenj+CLIP-HBA-Mem/CLIP-HBA/Data/{WORDS48}",
        ),
    ),
    licence="MIT (the repository that publishes these copies); the photographs have terms of their own",
    licence_url="https://github.com/marrenj/cvpr_perturbations/blob/main/LICENSE",
    citation=(
        "Hebart, M. N., Zheng, C. Y., Pereira, F., & Baker, C. I. (2020). Revealing the multidimensional "
        "mental representations of natural objects underlying human similarity judgements. Nature Human "
        "Behaviour, 4, 1173-1185. Hebart, M. N., Contier, O., Teichmann, L., et al. (2023). THINGS-data, a "
        "multimodal collection of large-scale datasets for investigating object representations in human "
        "brain and behavior. eLife, 12, e82580."
    ),
    subjects=(
        "Workers of Amazon Mechanical Turk, pooled: 12,340 people for the 66 dimensions (Hebart et al. "
        "2023). How many judged the 48 objects is not in these files, and the target says 0 for unknown; nor "
        "are ages, places or languages."
    ),
    method=(
        "Which of three objects is the odd one out? The dissimilarity of two objects is 1 minus the share of "
        "triplets holding both in which neither was chosen. The dimensions are a sparse non-negative "
        "embedding whose dot products predict the choices."
    ),
    biases=(
        "Online workers of one platform; the objects are nouns of American English; one photograph stands "
        "for each; what counts as odd is up to the person. The embedding is a model fitted to the choices "
        "and not a measurement. The files tie objects together by name and not by row: joined by row, the "
        "two sides correlate .04 instead of .86."
    ),
    intended_use=(
        "Comparing models with human object similarity; the 48 objects were held out from fits on the other "
        "1,806."
    ),
    inappropriate_use=(
        "Claims about single people, or about people of other places and languages; noise ceilings; "
        "treating the embedding as independent of the 48-object RDM."
    ),
)


def things_behaviour(*, images: Path | str | None = None) -> Dataset:
    """THINGS behaviour; see the card.

    Args:
        images: A folder below which the objects' photographs lie, named as published, e.g.
            ``aardvark_01b.jpg``; None for names only.
    """
    pooled = "one RDM pooled over people: no ceiling; how many people is not in the files"
    fitted = "an embedding fitted to the choices of 12,340 people: no ceiling"
    encoding = "encoding-ridge-gcv-5fold-pearson-median"
    targets = {
        "rdm48": TargetSpec(_rdm48, "behaviour", 0, "rsa-correlation-spearman", pooled),
        "spose66": TargetSpec(_spose66, "behaviour", 12340, encoding, fitted),
    }
    folder = None if images is None else Path(images)
    return Dataset(
        CARD, stimuli=partial(_stimuli, folder=folder), targets=targets, responses={"spose66": _spose66}
    )


def _rows(path: Path) -> tuple[list[str], NDArray[np.float64]]:
    """Image names and values (n, 66) of one of the embedding's tables."""
    with path.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    names = [row["image_name"] for row in rows]
    return names, np.array([[float(row[str(d)]) for d in range(66)] for row in rows])


def _id(image_name: str) -> str:
    return re.sub(r"_\d\d[bs]\.jpg$", "", image_name)


def _stimuli(files: Files, *, folder: Path | None) -> StimulusSet:
    names, _ = _rows(files[EMBEDDING])
    ids = tuple(_id(name) for name in names)
    test = [_id(name) for name in _rows(files[ORDER48])[0]]
    words = [str(cell.item()) for cell in read_mat(files[WORDS48])["words48"].ravel()]
    texts = {i: i.replace("_", " ") for i in ids} | dict(zip(test, words, strict=True))
    images: tuple[FileImage, ...] | None = None
    if folder is not None:
        images = concept_images(folder, [Path(name).stem for name in names])
    return StimulusSet(
        ids, images, tuple((texts[i],) for i in ids), {"test48": np.isin(ids, test)}, "things-behaviour"
    )


def _rdm48(files: Files) -> RDM:
    ids = [_id(name) for name in _rows(files[ORDER48])[0]]
    square = read_mat(files[RDM48])["RDM48_triplet"]
    kind = "1 - share of triplets kept together"
    return RDM.from_square(square, ids, dissimilarity=kind, name="things-behaviour/rdm48")


def _spose66(files: Files) -> Assembly:
    names, values = _rows(files[EMBEDDING])
    # Numbered and not named: the names are in another file, and a digest must not depend on having it.
    units = {"dimension": np.arange(values.shape[1])}
    return Assembly(values, tuple(_id(n) for n in names), units, name="things-behaviour/spose66")
