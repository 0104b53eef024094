"""Representational similarity analysis: dissimilarities within, a comparison between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from repalign.data import RDM, Assembly, Responses
from repalign.errors import DegenerateError
from repalign.maths import DISSIMILARITIES, Floats, LargeRSA, compare, large_rsa
from repalign.maths.crossnobis import NOISELESS, REPEATED
from repalign.maths.large_rsa import COMPARISONS as STREAMED_COMPARISONS
from repalign.maths.large_rsa import DISSIMILARITIES as STREAMED_DISSIMILARITIES
from repalign.maths.large_rsa import RANK_BASED
from repalign.metrics.matrices import check_single, matrices, varying
from repalign.metrics.measure import Measure, naming, unsuitable

#: More pairs than this are not held but streamed over, or their sums taken from products of units.
HELD_PAIRS = 5_000_000


@dataclass(frozen=True, kw_only=True)
class RSA(Measure):
    """Compare RDMs.

    Args:
        dissimilarity: Within each side, where the side gives responses; a side that comes as an RDM
            is taken as it is.
        comparison: Between the two RDMs.
    """

    dissimilarity: str
    comparison: str

    @property
    def needs(self) -> str:
        """Either noun will do."""
        return "responses (Assembly) or an RDM on both sides"

    def pairs(self, responses: Responses, side: str = "model") -> Floats:
        """One row of pair values per subject, (n_subjects, n_pairs); one row where there are none.

        Raises:
            UnsuitableError: The responses are choices.
            DegenerateError: A pattern has no dissimilarity; its stimulus is named.
        """
        if isinstance(responses, RDM):
            _check_finite(responses)
            return np.atleast_2d(responses.values)
        if not isinstance(responses, Assembly):
            raise unsuitable(self, side, responses.name, responses)
        with naming(responses.ids, responses.name):
            if responses.leading == "repetition":
                return self._of_repetitions(varying(responses.array(), responses.name))[None]
            stacked = responses.array() if responses.leading else responses.array()[None]
            return np.stack([self._of_patterns(varying(each, responses.name)) for each in stacked])

    def prepared(self, model: Responses, target: Responses) -> tuple[Responses, Responses]:
        """Both sides as RDMs, unless they are too large to be held.

        Raises:
            UnsuitableError, DegenerateError: As :meth:`pairs`.
        """
        if self.streams(model, target):
            return model, target
        return self._rdm(model, "model"), self._rdm(target, "target")

    def _rdm(self, responses: Responses, side: str) -> RDM:
        if isinstance(responses, RDM):
            return responses
        pairs = self.pairs(responses, side)
        return RDM(pairs, responses.ids, dissimilarity=self.dissimilarity, name=responses.name)

    def scores(self, model: Responses, target: Responses, *, seed: int = 0) -> Floats:
        """Comparison of the model's RDM with each subject's, (n_subjects,).

        Raises:
            UnsuitableError: The model holds RDMs or responses of several subjects.
        """
        if self.streams(model, target):
            return np.array([each.value for each in self.streamed(model, target)])
        with naming(None, f"{model.name} against {target.name}"):
            own = self.pairs(model)
            check_single("model", model.name, len(own))
            return compare(own[0], self.pairs(target, "target"), self.comparison)

    def streams(self, model: Responses, target: Responses) -> bool:
        """Whether the RDMs of these sides are too large to be held, and need not be."""
        if not (isinstance(model, Assembly) and isinstance(target, Assembly)):
            return False
        known = self.dissimilarity in STREAMED_DISSIMILARITIES and self.comparison in STREAMED_COMPARISONS
        return known and model.n_stimuli * (model.n_stimuli - 1) // 2 > HELD_PAIRS

    def streamed(self, model: Responses, target: Responses) -> list[LargeRSA]:
        """Comparison with each subject without holding an RDM, and what leaving out stimuli makes of it.

        Raises:
            DegenerateError: A pattern has no dissimilarity; its stimulus is named.
        """
        X = matrices(self, model, "model")[0]
        with naming(model.ids, f"{model.name} against {target.name}"):
            each = matrices(self, target, "target")
            return [large_rsa(X, Y, self.dissimilarity, self.comparison) for Y in each]

    def remarks(self, model: Responses, target: Responses) -> tuple[str, ...]:
        """That ranks of large RDMs are counted in bins."""
        if self.streams(model, target) and self.comparison in RANK_BASED:
            return ("ranks counted in 4,194,304 bins",)
        return ()

    def _of_patterns(self, patterns: Floats) -> Floats:
        return DISSIMILARITIES[self.dissimilarity](patterns)

    def _of_repetitions(self, repetitions: Floats) -> Floats:
        return self._of_patterns(repetitions.mean(axis=0))


def _check_finite(rdm: RDM) -> None:
    """Refuse an RDM with holes by the names of stimuli.

    Raises:
        DegenerateError: A dissimilarity is NaN or infinite.
    """
    if np.isfinite(rdm.values).all():
        return
    bad = ~np.isfinite(np.atleast_2d(rdm.values)).all(axis=0)
    pair = [int(side[bad.argmax()]) for side in np.triu_indices(rdm.n_stimuli, 1)]
    names = [repr(rdm.ids[i]) if rdm.ids else f"row {i}" for i in pair]
    raise DegenerateError(
        f"{rdm.name}: {bad.sum()} dissimilarities are NaN or infinite, the first of {' and '.join(names)}",
        hint="Remove the stimuli concerned; repalign never replaces a missing number.",
        rows=pair,
    )


@dataclass(frozen=True, kw_only=True)
class RateRSA(RSA):
    """Compare RDMs of counts or rates, which are not negative."""

    sample: ClassVar[str] = "positive"

    @property
    def needs(self) -> str:
        """No rate is negative."""
        return "counts or rates, not negative (Assembly), or an RDM on both sides"


@dataclass(frozen=True, kw_only=True)
class RepeatedRSA(RSA):
    """Compare RDMs whose dissimilarity takes the noise from a side's repetitions.

    A repetition in which all units of a stimulus are NaN did not show that stimulus. A side without
    repetitions, as a deterministic network is, has no noise to estimate and is taken as free of it. The
    invariances declared are those of any sides; where noise is estimated there may be more (multiplied
    responses have multiplied noise).
    """

    @property
    def needs(self) -> str:
        """Repetitions where there is noise."""
        return (
            "responses (Assembly) or an RDM on both sides; a side's noise is estimated from its "
            "repetitions (at least 2), and a side without any is taken as free of noise"
        )

    def remarks(self, model: Responses, target: Responses) -> tuple[str, ...]:
        """That no noise was taken out, where no side has repetitions."""
        sides = [side for side in (model, target) if isinstance(side, Assembly)]
        if len(sides) == 2 and all(side.leading != "repetition" for side in sides):
            return ("neither side has repetitions: taken as free of noise",)
        return super().remarks(model, target)

    def _of_patterns(self, patterns: Floats) -> Floats:
        return NOISELESS[self.dissimilarity](patterns)

    def _of_repetitions(self, repetitions: Floats) -> Floats:
        return REPEATED[self.dissimilarity](repetitions)


@dataclass(frozen=True, kw_only=True)
class RepeatedRateRSA(RepeatedRSA):
    """The same for counts or rates."""

    sample: ClassVar[str] = "positive"

    @property
    def needs(self) -> str:
        """Repetitions where there is noise, and no negative rates."""
        return (
            "counts or rates, not negative (Assembly), or an RDM on both sides; a side is cross-validated "
            "over its repetitions (at least 2), and a side without any is taken as free of noise"
        )
