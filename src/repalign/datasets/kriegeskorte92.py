"""Kriegeskorte 92: human and monkey IT, human judgements and classical models of 92 object images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from repalign.data import RDM, StimulusSet, read_mat
from repalign.datasets.card import Card, RemoteFile, github_file
from repalign.datasets.dataset import Dataset, Files, TargetSpec

IDS = tuple(f"k92-{i:02d}" for i in range(1, 93))  # every published matrix has this order
MEASURE = "rsa-correlation-spearman"
BEHAVIOUR, BRAIN, MODELS = "92_behavRDMs.mat", "92_brainRDMs.mat", "92_modelRDMs.mat"
SUPPLEMENT = "Kriegeskorte_Neuron2008_supplementalData.mat"
PUBLISHED_MODELS = {
    "animacy": "animacy",
    "category": "FaceBodyManmadeNatobj",
    "monkey-it": "monkeyIT",
    "eva": "EVA",
    "hmax": "HMAX",
    "v1": "V1",
    "silhouette": "Silhouette",
    "radon": "RADON",
}


def _file(name: str, commit: str, sha256: str, bytes: int) -> RemoteFile:
    return github_file("rsagroup/rsatoolbox", commit, f"demos/92imageData/{name}", sha256, bytes)


CARD = Card(
    name="kriegeskorte92",
    title="92 object images: human and monkey IT, similarity judgements, eight models",
    description=(
        "Images of human and animal faces and bodies, natural and artificial objects on grey, with RDMs of "
        "human inferior temporal cortex (4 people, 2 sessions each), of monkey inferior temporal cortex "
        "(674 neurons), of 16 people's similarity judgements, and of eight models."
    ),
    files=(
        _file(
            BEHAVIOUR,
            "8ee4a8f6b55f788acbee29521916f5f38f2926be",
            "7a8e118c144c3840adeeeef6ea0706a0be2b3e80df719af15fbb56fc62562f5f",
            982719,
        ),
        _file(
            BRAIN,
            "a019e37ee631456aa99425efb33cb4e26e9ea181",
            "1743f90a15e895798a94318649e80e1123a7e5943a1703fa1dd7c31ea5780b7c",
            224663,
        ),
        _file(
            MODELS,
            "ccd23d83e494c2e213a618a5fbc6143d051478c6",
            "e1d2b58bb2f9508bc13da4c81b94d1ab07823b25ed30b9563bd9d6d730c2a00a",
            333004,
        ),
        _file(
            SUPPLEMENT,
            "9ac4b5cdcb702c02481cabba33c551d187d50b6c",
            "06f21214399a5d43dc264eed19a7f4b8daf11c8622a59eec3e106064ce5e3504",
            3603779,
        ),
    ),
    licence="MIT (the repository that publishes these copies)",
    licence_url="https://github.com/rsagroup/rsatoolbox/blob/main/LICENSE",
    citation=(
        "Kriegeskorte, N., Mur, M., Ruff, D. A., Kiani, R., Bodurka, J., Esteky, H., Tanaka, K., & "
        "Bandettini, P. A. (2008). Matching categorical object representations in inferior temporal cortex "
        "of man and monkey. Neuron, 60(6), 1126-1141. Behaviour: Mur, M., et al. (2013). Human "
        "object-similarity judgments reflect and transcend the primate-IT object representation. Frontiers "
        "in Psychology, 4, 128. Files: Nili, H., et al. (2014). A toolbox for representational similarity "
        "analysis. PLoS Computational Biology, 10(4), e1003553."
    ),
    subjects=(
        "fMRI: 4 people (BE, KO, SN, TI), 2 sessions each. Neurons: 2 macaques, pooled. Similarity "
        "judgements: 16 people."
    ),
    method=(
        "fMRI and single-cell recordings while images were shown; 1 - Pearson correlation of the activity "
        "patterns. Judgements by arranging images on a screen so that distance expresses dissimilarity "
        "(multi-arrangement)."
    ),
    biases=(
        "Few people, few images, isolated objects on grey; half the images are animate and a quarter are "
        "faces, so that category models do well. One pattern estimate per session: the RDMs are positively "
        "biased by noise."
    ),
    intended_use=(
        "Comparing models with human and monkey IT and with judgements; reproducing published analyses."
    ),
    inappropriate_use=(
        "Claims about natural scenes or about a population of people from 4 of them; a score against one of "
        "the pooled or mean targets must not be set against a noise ceiling that belongs to single "
        "subjects."
    ),
)


def kriegeskorte92() -> Dataset:
    """The 92 images; see the card."""
    pooled = "pooled over 4 people (named reproduction): no ceiling"
    mean8 = "plain mean of the 8 session RDMs of 4 people (named reproduction): no ceiling"
    monkeys = "one RDM pooled over 2 monkeys: no ceiling"
    mean16 = "plain mean of 16 people (named reproduction): no ceiling"
    targets = {
        "human-it": TargetSpec(_named("human-it", _human_it), "IT", 4, MEASURE),
        "human-it-sessions": TargetSpec(_named("human-it-sessions", _sessions), "IT", 4, MEASURE),
        "human-it-pooled": TargetSpec(_named("human-it-pooled", _pooled), "IT", 4, MEASURE, pooled),
        "human-it-mean8": TargetSpec(
            _named("human-it-mean8", lambda files: _sessions(files).mean()), "IT", 4, MEASURE, mean8
        ),
        "monkey-it": TargetSpec(_named("monkey-it", _monkey_it), "IT", 2, MEASURE, monkeys),
        "behaviour": TargetSpec(_named("behaviour", _behaviour), "behaviour", 16, MEASURE),
        "behaviour-mean": TargetSpec(
            _named("behaviour-mean", lambda files: _behaviour(files).mean()), "behaviour", 16, MEASURE, mean16
        ),
    }
    responses = {name: _model(name, published) for name, published in PUBLISHED_MODELS.items()}
    return Dataset(CARD, stimuli=_stimuli, targets=targets, responses=responses)


def _named(name: str, load: Callable[[Files], RDM]) -> Callable[[Files], RDM]:
    return lambda files: replace(load(files), name=f"kriegeskorte92/{name}")


def _stimuli(files: Files) -> StimulusSet:
    path = files[SUPPLEMENT]
    read = StimulusSet.from_mat(path, "stimuli_92objs", ids=IDS, text="category", name="kriegeskorte92")
    variables = read_mat(path)
    labels = [str(cell.item()) for cell in variables["categoryLabels"].ravel()]
    columns = {
        "category": np.array([texts[0] for texts in read.texts or ()]),
        **{name: values.astype(bool) for name, values in read.columns.items()},
        **{label: variables["categoryVectors"][:, i].astype(bool) for i, label in enumerate(labels)},
    }
    return replace(read, columns=columns)


def _matrices(path: Path, variable: str) -> tuple[NDArray[np.float64], list[str]]:
    """The matrices of a struct array in the order of the file, (k, 92, 92), and what they are called."""
    elements: Any = read_mat(path)[variable].ravel()
    squares = np.stack([np.asarray(e["RDM"], dtype=np.float64) for e in elements])
    return squares, [str(e["name"].item()) for e in elements]


def _sessions(files: Files) -> RDM:
    squares, names = _matrices(files[BRAIN], "RDMs")
    parts = [name.split(" | ") for name in names]  # "hIT | BE | Session: 1"
    labels = {
        "subject": np.array([subject for _, subject, _ in parts]),
        "session": np.array([session.removeprefix("Session: ") for _, _, session in parts]),
    }
    return RDM.from_square(squares, IDS, labels=labels, dissimilarity="1 - Pearson, as published")


def _human_it(files: Files) -> RDM:
    return _sessions(files).mean(over="session")


def _pooled(files: Files) -> RDM:
    from scipy.stats import rankdata  # slow to import, and one target needs it

    ranks = rankdata(_human_it(files).values, axis=1)  # mid-ranks within each person
    return RDM(ranks.mean(axis=0), IDS, dissimilarity="mean rank over 4 people")


def _monkey_it(files: Files) -> RDM:
    elements: Any = read_mat(files[SUPPLEMENT])["RDMs_mIT_hIT_fig1"].ravel()
    neurons = next(e for e in elements if e["name"].item() == "mIT_674neurons")
    return RDM(neurons["RDM"].ravel(), IDS, dissimilarity="1 - Pearson, as published")


def _behaviour(files: Files) -> RDM:
    squares, names = _matrices(files[BEHAVIOUR], "rdms_behav_92")
    labels = {"subject": np.array([name.split(" | ")[1] for name in names])}  # "simJudge | subject1"
    return RDM.from_square(squares, IDS, labels=labels, dissimilarity="arranged distance, as published")


def _model(name: str, published: str) -> Callable[[Files], RDM]:
    def load(files: Files) -> RDM:
        squares, names = _matrices(files[MODELS], "Models")
        square = squares[names.index(published)]
        return RDM.from_square(square, IDS, dissimilarity="as published", name=f"kriegeskorte92/{name}")

    return load
