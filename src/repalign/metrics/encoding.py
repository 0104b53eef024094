"""Linear predictivity: how well a regression from model units predicts measured units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

import numpy as np

from repalign.data import Assembly, Responses
from repalign.errors import UnsuitableError
from repalign.maths import Floats, assign_folds
from repalign.maths.banded import banded_predictions, sample_shares
from repalign.maths.held_out import Summary
from repalign.maths.penalties import Folds
from repalign.maths.predictivity import SCORES
from repalign.maths.regression import Method, by_ridge_gcv, held_out_predictions
from repalign.metrics.matrices import matrices
from repalign.metrics.measure import Measure, naming
from repalign.seeds import rng

#: How scores of units become one number.
SUMMARIES: dict[str, Summary] = {"median": np.median, "mean": np.mean}


class Fit(NamedTuple):
    """Held-out predictions for one subject, and how they are scored.

    Args:
        responses: (n_stimuli, q).
        predictions: (n_stimuli, q).
        folds: Fold of each stimulus, (n_stimuli,).
        score: Per unit: ``"pearson"`` or ``"r2"``.
        summary: Over units: ``"median"`` or ``"mean"``.
    """

    responses: Floats
    predictions: Floats
    folds: Folds
    score: str = "pearson"
    summary: str = "median"

    def units(self, weights: Floats | None = None) -> Floats:
        """Score of each measured unit within folds, (q,); ``weights`` count the stimuli."""
        return SCORES[self.score](self.responses, self.predictions, self.folds, weights)

    def value(self, weights: Floats | None = None) -> float:
        """The summary over units; ``weights`` count the stimuli."""
        return float(SUMMARIES[self.summary](self.units(weights)))

    def median(self, weights: Floats | None = None) -> float:
        """The median over units; ``weights`` count the stimuli."""
        return float(np.median(self.units(weights)))


@dataclass(frozen=True, kw_only=True)
class Encoding(Measure):
    """Cross-validated regression from the model's to the target's units.

    Args:
        method: The regression. Units of the model are standardised for ridge, centred for PLS.
        n_folds: Outer folds; within each the penalty is chosen without the held-out stimuli.
        score: Per unit, within folds, averaged over folds: ``"pearson"`` or ``"r2"``.
        summary: Over units: ``"median"`` or ``"mean"``.
    """

    sample: ClassVar[str] = "many-units"

    method: Method = field(default_factory=by_ridge_gcv)
    n_folds: int = 5
    score: str = "pearson"
    summary: str = "median"

    @property
    def needs(self) -> str:
        """RDMs have no units to predict."""
        return "responses (Assembly) on both sides"

    def fits(self, model: Responses, target: Responses, seed: int) -> list[Fit]:
        """Held-out predictions for each subject: value and interval both follow from them.

        Raises:
            TooFewError: Fewer than 5 stimuli in a fold, or than the regression needs in a fit part.
        """
        X = matrices(self, model, "model")[0]
        folds = self.folds(len(X), seed)
        with naming(model.ids, f"{model.name} against {target.name}"):
            measured = matrices(self, target, "target")
            predicted = held_out_predictions(X, measured, folds, self.method)
        return [Fit(Y, P, folds, self.score, self.summary) for Y, P in zip(measured, predicted, strict=True)]

    def folds(self, n_stimuli: int, seed: int) -> Folds:
        """The outer fold of each stimulus, (n_stimuli,).

        Raises:
            TooFewError: Fewer than 5 stimuli in a fold.
        """
        return assign_folds(n_stimuli, self.n_folds, rng(seed, "encoding", "folds"))

    def summarise(self, fits: Sequence[Fit]) -> Floats:
        """The score of each subject, (n_subjects,)."""
        return np.array([fit.value() for fit in fits])

    def scores(self, model: Responses, target: Responses, *, seed: int = 0) -> Floats:
        """Summary over units of the held-out score, for each subject, (n_subjects,)."""
        fits = self.fits(model, target, seed)
        with naming(None, f"{model.name} against {target.name}"):
            return self.summarise(fits)


class BandedFits(NamedTuple):
    """Banded ridge of several layers at once.

    Args:
        recipe: Every parameter, as an id states them.
        scores: Of each subject, (n_subjects,).
        fits: Held-out predictions of each subject.
        bands: Names of the bands.
        shares: Share of each band for each measured unit, averaged over folds; for each subject
            (n_bands, q).
    """

    recipe: str
    scores: Floats
    fits: list[Fit]
    bands: tuple[str, ...]
    shares: list[Floats]


def banded_encoding(
    measure: Encoding,
    model: Assembly,
    target: Responses,
    *,
    label: str = "layer",
    n_candidates: int = 20,
    seed: int = 0,
) -> BandedFits:
    """Predict measured units from several layers at once, each with its own penalty.

    It is a function and no registered measure: a measure is given one layer, and this needs them all.

    Args:
        measure: For its folds, score and summary.
        model: Responses with a unit label that says to which band a unit belongs.
        target: Responses to the same stimuli in the same order.
        label: That unit label.
        n_candidates: How many divisions of the penalty among bands to try.
        seed: Of folds and divisions.

    Raises:
        UnsuitableError: The model has one band only, or a side is no Assembly.
        TooFewError: Fewer than 5 stimuli in a fold, or fewer than 3 folds.
    """
    parts = model.split(label)
    if len(parts) < 2:
        raise UnsuitableError(
            f"{model.name} has one band by the label {label!r}; banded ridge divides penalties among bands",
            hint="Extract several layers, or use encoding-ridge-cv.",
        )
    bands = [matrices(measure, part, "model")[0] for part in parts.values()]
    measured = matrices(measure, target, "target")
    folds = assign_folds(len(bands[0]), measure.n_folds, rng(seed, "encoding", "folds"))
    shares = sample_shares(len(bands), n_candidates, rng(seed, "encoding", "bands"))
    with naming(model.ids, f"{model.name} against {target.name}"):
        found = [banded_predictions(bands, Y, folds, shares) for Y in measured]
        fits = [
            Fit(Y, each.predictions, folds, measure.score, measure.summary)
            for Y, each in zip(measured, found, strict=True)
        ]
        scores = measure.summarise(fits)
    recipe = (
        f"encoding-banded-ridge-cv-{n_candidates}candidates-{measure.n_folds}fold-{measure.score}-"
        f"{measure.summary}"
    )
    return BandedFits(recipe, scores, fits, tuple(parts), [each.shares for each in found])
