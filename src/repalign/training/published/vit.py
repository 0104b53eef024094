"""The published files of the ViT trained on ImageNet, whose epochs are counted from 0."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from repalign.errors import FileError
from repalign.training.published.kinds import find_kind
from repalign.training.published.tables import read_table

BASELINE = ("checkpoint", "epoch", "train_loss", "val_loss", "val_acc", "rsa_score")
EFFECTS = (
    "perturb_epoch",
    "perturbation_type",
    "baseline_loss",
    "baseline_rsa",
    "perturbed_loss",
    "perturbed_rsa",
)
#: Their validation loss was summed over two processes and never averaged; order was lost before RSA.
CAVEATS = (
    "ViT: the validation loss is as recorded, twice the mean (summed over two processes)",
    "ViT: effects on RSA are an artefact: stimuli were gathered in another order than they were compared in",
)


@dataclass(frozen=True, eq=False)
class ViTBaseline:
    """The ViT's baseline.

    Args:
        epochs: Counted from 0, (k,).
        loss: Validation loss as recorded, (k,).
        accuracy: Top-1 in percent, (k,).
        rsa: Behavioural alignment of the CLS token, (k,).
        source: The file.
    """

    epochs: NDArray[np.int64]
    loss: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    rsa: NDArray[np.float64]
    source: Path


@dataclass(frozen=True)
class ViTEffect:
    """A perturbed epoch of the ViT beside the baseline's.

    Args:
        kind: Of perturbation.
        epoch: Perturbed epoch, as recorded.
        delta_loss: Perturbed minus baseline, validation loss as recorded.
        delta_rsa: Perturbed minus baseline.
    """

    kind: str
    epoch: int
    delta_loss: float
    delta_rsa: float


def read_vit_baseline(path: Path) -> ViTBaseline:
    """Read ``checkpoint, epoch, train_loss, val_loss, val_acc, rsa_score``.

    Raises:
        FileError: Columns missing, no numbers, NaN, or epochs that do not rise by one.
    """
    table = read_table(path)
    table.require(BASELINE, "a ViT baseline")
    epochs = table.integers("epoch")
    if (np.diff(epochs) != 1).any():
        raise FileError(f"{path}: epochs do not rise by one", hint="Keep one row per epoch, in order.")
    loss, accuracy, rsa = (table.numbers(name) for name in ("val_loss", "val_acc", "rsa_score"))
    if not np.isfinite([loss, accuracy, rsa]).all():
        raise FileError(f"{path}: a value is NaN or infinite", hint="Remove the epochs from there on.")
    return ViTBaseline(epochs, loss, accuracy, rsa, path)


def read_vit_effects(path: Path) -> tuple[ViTEffect, ...]:
    """Read ``perturb_epoch, perturbation_type, baseline_*, perturbed_*``; recorded differences are checked.

    Raises:
        FileError: Columns missing, no numbers, or recorded differences that are not those of the values.
        UnknownNameError: A kind of perturbation that is not known.
    """
    table = read_table(path)
    table.require(EFFECTS, "effects on the ViT")
    kinds = [find_kind(text) for text in table.columns["perturbation_type"]]
    epochs = table.integers("perturb_epoch").tolist()
    differences = []
    for what in ("loss", "rsa"):
        delta = table.numbers(f"perturbed_{what}") - table.numbers(f"baseline_{what}")
        if f"delta_{what}" in table.columns and not np.allclose(
            delta, table.numbers(f"delta_{what}"), rtol=1e-6, atol=1e-9, equal_nan=True
        ):
            raise FileError(
                f"{path}: delta_{what} is not perturbed_{what} minus baseline_{what}",
                hint="Find out which of the three is right; repalign uses the latter two.",
            )
        differences.append(delta.tolist())
    return tuple(ViTEffect(*row) for row in zip(kinds, epochs, *differences, strict=True))
