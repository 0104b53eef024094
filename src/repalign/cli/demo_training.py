"""repalign demo perturbation: a network learns, and is disturbed; real people where their data are here."""

from __future__ import annotations

import os
from pathlib import Path

from repalign.cli.output import print_text
from repalign.cli.studies import whole
from repalign.datasets import dataset
from repalign.datasets.cifar10h import ARCHIVE
from repalign.datasets.places import find
from repalign.training.study import read_study

REAL, SHORT, MADE_UP = "cifar10h", "cifar10h-short", "digits"
_MOST = 8  # processes


def perturbation(out: Path, *, short: bool, workers: int | None, as_json: bool) -> None:
    """Do the study that can be done here, and write its page.

    Args:
        out: Folder of the results.
        short: The form that takes under three minutes.
        workers: Processes; None for one per core.
        as_json: Print JSON.
    """
    missing = _missing()
    name = MADE_UP if missing else SHORT if short else REAL
    study = read_study(name)
    if not as_json:
        print_text(study.title)
        print_text(study.about.strip())
        if missing:
            print_text(f"Not shown: how people label real images, because {missing} is not here.")
        print()
    count = workers or min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1, _MOST)
    whole(study, out, workers=count, as_json=as_json)


def _missing() -> str:
    """What the real study lacks here, or nothing."""
    weights = Path(read_study(REAL).where["network"]["weights"])
    if dataset("cifar10h").status() != "here":
        return "CIFAR-10H (repalign datasets get cifar10h)"
    if find(ARCHIVE) is None:
        return f"{ARCHIVE}, the images of CIFAR-10, below REPALIGN_DATA"
    return "" if weights.is_file() else f"{weights}, a trained network, below REPALIGN_DATA"
