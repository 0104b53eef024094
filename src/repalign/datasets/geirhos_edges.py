"""Geirhos edges: 160 edge images of 16 categories, named by 10 people and 25 networks, trial by trial."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import PurePosixPath

import numpy as np

from repalign.data import Choices, StimulusSet
from repalign.data.images import FileImage
from repalign.datasets.card import Card, RemoteFile, github_file
from repalign.datasets.dataset import Dataset, Files, TargetSpec

COMMITS = {
    "rgeirhos/texture-vs-shape": "bbdfbf7bc606d879612247a2cac5a5a9be321195",
    "wichmann-lab/error-consistency": "8c8bfd144829e4dd07f09974973636bbc8285404",
}
RESPONSES_OF = re.compile(r"texture-shape_edges_(.+?)_?session[-_]1\.csv")


@lru_cache(maxsize=1)
def _files() -> tuple[RemoteFile, ...]:
    table = resources.files("repalign.datasets").joinpath("geirhos_edges.tsv").read_text(encoding="utf-8")
    return tuple(_file(row) for row in csv.DictReader(table.splitlines(), delimiter="\t"))


def _file(row: dict[str, str]) -> RemoteFile:
    folder, source = row["path"].split("/", 1)
    repo = folder.replace("+", "/", 1)
    return github_file(repo, COMMITS[repo], source, row["sha256"], int(row["bytes"]))


@lru_cache(maxsize=1)
def _card() -> Card:
    return Card(
        name="geirhos-edges",
        title="160 edge images of 16 categories, named by 10 people and 25 networks",
        description=(
            "Edges of photographs, as drawn by an edge detector (10 for each of 16 categories) and, for "
            "each, what 10 people and 25 ImageNet networks called it, trial by trial. This is the edges "
            "experiment of the texture-vs-shape study; the data set `edge` of model-vs-human is another "
            "experiment."
        ),
        files=_files(),
        licence="CC BY 4.0 (the images); none stated (the responses)",
        licence_url="https://github.com/rgeirhos/texture-vs-shape/blob/master/DATASET_LICENSE",
        citation=(
            "Geirhos, R., Rubisch, P., Michaelis, C., Bethge, M., Wichmann, F. A., & Brendel, W. (2019). "
            "ImageNet-trained CNNs are biased towards texture; increasing shape bias improves accuracy and "
            "robustness. ICLR. Geirhos, R., Meding, K., & Wichmann, F. A. (2020). Beyond accuracy: "
            "quantifying trial-by-trial behaviour of CNNs and humans by measuring error consistency. "
            "NeurIPS, 33."
        ),
        subjects=(
            "10 people in the laboratory; every one of them saw each image once. 25 networks, one response "
            "each."
        ),
        method=(
            "Presentation for 200 ms followed by a mask; a forced choice of one of 16 categories. A trial "
            "without an answer in time is `na`, which counts as wrong. For networks the most probable of "
            "the 16 categories."
        ),
        biases=(
            "10 people and 10 images per category; edges strip texture, which puts ImageNet networks at a "
            "disadvantage by design. Networks are often wrong, and kappa is uncertain where accuracies are "
            "near 0 or 1."
        ),
        intended_use=(
            "Error consistency between models and people beyond accuracy; human-human consistency as a "
            "yardstick."
        ),
        inappropriate_use=(
            "Claims about object recognition in natural images; comparison with the set `edge` of "
            "model-vs-human."
        ),
    )


def geirhos_edges() -> Dataset:
    """Edge images named by people and networks; see the card."""
    card = _card()
    tables = {matched[1]: file.name for file in card.files if (matched := RESPONSES_OF.fullmatch(file.name))}
    people = sorted(name for name in tables if name.startswith("subject-"))
    target = TargetSpec(
        _choices([tables[p] for p in people], "humans"),
        "behaviour",
        len(people),
        "error-consistency-kappa",
    )
    networks = sorted(set(tables) - set(people))
    responses = {name: _choices([tables[name]], name) for name in networks}
    return Dataset(card, stimuli=_stimuli, targets={"humans": target}, responses=responses)


def _stimuli(files: Files) -> StimulusSet:
    shown = [PurePosixPath(f.path) for f in files.card.files if f.name.endswith(".png")]
    images = tuple(FileImage(files[path.name]) for path in shown)
    columns = {"category": np.array([path.parent.name for path in shown])}
    return StimulusSet(tuple(path.stem for path in shown), images, columns=columns, name="geirhos-edges")


def _choices(tables: Sequence[str], name: str) -> Callable[[Files], Choices]:
    def load(files: Files) -> Choices:
        rows: list[dict[str, str]] = []
        for table in tables:
            with files[table].open(newline="", encoding="utf-8") as handle:
                rows += csv.DictReader(handle)
        return Choices(
            np.array([row["subj"] for row in rows]),
            # People's image names carry the trial: 0001_edg_s01_0_oven_00_oven10.png.
            np.array([PurePosixPath(row["imagename"]).stem.split("_")[-1] for row in rows]),
            np.array([row["object_response"] for row in rows]),
            np.array([row["category"] for row in rows]),
            name=f"geirhos-edges/{name}",
        )

    return load
