"""Linear predictivity: how well a regression from model units predicts measured units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from repalign.data import Responses
from repalign.maths import Floats, assign_folds, fold_correlations, ridge_predictions
from repalign.metrics.measure import Measure, naming
from repalign.metrics.rows import matrices
from repalign.seeds import rng


class Fit(NamedTuple):
    """Held-out predictions for one subject: responses, predictions (n_stimuli, q), folds (n_stimuli,)."""

    responses: Floats
    predictions: Floats
    folds: NDArray[np.intp]

    def median(self, weights: Floats | None = None) -> float:
        """Median over measured units of the mean within-fold r; ``weights`` count the stimuli."""
        return float(np.median(fold_correlations(*self, weights)))


@dataclass(frozen=True, kw_only=True)
class Encoding(Measure):
    """Cross-validated ridge regression from the model's to the target's units.

    Args:
        n_folds: Outer folds; within each the penalty is chosen without the held-out stimuli.
    """

    n_folds: int = 5

    @property
    def needs(self) -> str:
        """RDMs have no units to predict."""
        return "responses (Assembly) on both sides"

    def fits(self, model: Responses, target: Responses, seed: int) -> list[Fit]:
        """Held-out predictions for each subject.

        Raises:
            TooFewError: Fewer than 5 stimuli in a fold.
        """
        X = matrices(self, model, "model")[0]
        folds = assign_folds(len(X), self.n_folds, rng(seed, "encoding", "folds"))
        with naming(model.ids, f"{model.name} against {target.name}"):
            measured = matrices(self, target, "target")
            return [Fit(Y, ridge_predictions(X, Y, folds), folds) for Y in measured]

    def scores(self, model: Responses, target: Responses, *, seed: int = 0) -> Floats:
        """Median over units of the held-out r, for each subject, (n_subjects,)."""
        fits = self.fits(model, target, seed)
        with naming(None, f"{model.name} against {target.name}"):
            return np.array([fit.median() for fit in fits])
