"""RSA with fitted weights of the model's units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from repalign.data import RDM, Choices, Responses
from repalign.data.rdm import to_square
from repalign.maths import Floats, assign_folds, reweighted_similarity
from repalign.metrics.matrices import matrices
from repalign.metrics.measure import Measure, naming, unsuitable
from repalign.metrics.rsa import RSA
from repalign.seeds import rng


@dataclass(frozen=True, kw_only=True)
class ReweightedRSA(Measure):
    """Feature-reweighted RSA: weights of units are fitted on some stimuli and tested on others.

    Args:
        target: The RSA whose dissimilarity makes the target's RDM, where that gives responses, and whose
            comparison is used on held-out pairs.
        n_folds: Over stimuli.
    """

    target: RSA
    n_folds: int = 5

    @property
    def needs(self) -> str:
        """An RDM has no units to weigh."""
        return "responses (Assembly) of the model; responses or an RDM of the target"

    def scores(self, model: Responses, target: Responses, *, seed: int = 0) -> Floats:
        """Similarity on held-out stimuli, for each subject, (n_subjects,).

        Raises:
            UnsuitableError: The model is no Assembly, or the target is choices.
            TooFewError: Fewer than 5 stimuli in a fold.
        """
        if isinstance(target, Choices):
            raise unsuitable(self, "target", target.name, target)
        X = matrices(self, model, "model")[0]
        folds = assign_folds(len(X), self.n_folds, rng(seed, "encoding", "folds"))
        measured = target.values if isinstance(target, RDM) else self.target.pairs(target, "target")
        with naming(model.ids, f"{model.name} against {target.name}"):
            return reweighted_similarity(X, to_square(np.atleast_2d(measured)), folds, self.target.comparison)
