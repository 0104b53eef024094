"""The cells: a measure, a design and a population, and what is asked of the interval or test there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from benchmarks.calibration.generators import Population

CKA, ENCODING = "cka-linear-debiased", "encoding-ridge-gcv-5fold-pearson-median"
SPEARMAN, RHO_A = "rsa-correlation-spearman", "rsa-correlation-rho-a"


@dataclass(frozen=True)
class Cell:
    """What is simulated.

    Args:
        name: Measure, question and design.
        measure: Id of the measure.
        n_subjects: Subjects of each study.
        n_stimuli: Stimuli of each study.
        asks: ``coverage`` of the 95 % interval; ``rejection`` at 5 % of a model that saw other stimuli;
            ``difference``: rejection at 5 % of two equally good models.
        population: Where stimuli, subjects and noise come from.
        says: What is special about it.
        small: Below 12 subjects x 20 stimuli: at least .935 is asked for, and no more than that.
        repetitions: Studies.
    """

    name: str
    measure: str
    n_subjects: int
    n_stimuli: int
    asks: Literal["coverage", "rejection", "difference"] = "coverage"
    population: Population = field(default_factory=Population)
    says: str = ""
    small: bool = False
    repetitions: int = 4000

    @property
    def asked(self) -> tuple[float, float]:
        """Lowest and highest rate allowed."""
        if self.asks != "coverage":
            return 0.035, 0.065
        return (0.935, 1.0) if self.small else (0.935, 0.965)


CELLS = (
    Cell("rsa-12x20", SPEARMAN, 12, 20),
    Cell(
        "rsa-12x30-ties",
        RHO_A,
        12,
        30,
        population=Population(categories=5, noise=3.0),
        says="the model knows categories only, so its dissimilarities are tied",
        repetitions=2000,
    ),
    Cell("cka-12x20", CKA, 12, 20),
    Cell(
        "cka-12x50-correlated",
        CKA,
        12,
        50,
        population=Population(noise_correlation=0.3),
        says="noise correlated over units",
    ),
    Cell(
        "cka-1x100",
        CKA,
        1,
        100,
        population=Population(one_subject=True),
        says="one fixed subject: over stimuli only",
    ),
    Cell(
        "encoding-12x25",
        ENCODING,
        12,
        25,
        population=Population(latent=10, units=15, noise=1.5),
        says="25 stimuli are the fewest that 5 folds take",
        repetitions=3000,
    ),
    Cell(
        "encoding-12x100-correlated",
        ENCODING,
        12,
        100,
        population=Population(latent=10, units=15, noise=1.5, noise_correlation=0.3),
        says="noise correlated over units",
        repetitions=3000,
    ),
    Cell("rsa-null-12x20", SPEARMAN, 12, 20, "rejection", says="Mantel test"),
    Cell("cka-null-12x20", CKA, 12, 20, "rejection", says="permutation of stimuli"),
    Cell(
        "encoding-null-12x25",
        ENCODING,
        12,
        25,
        "rejection",
        Population(latent=10, units=15, noise=1.5),
        says="permutation of stimuli, fitted anew",
        repetitions=2000,
    ),
    Cell(
        "rsa-difference-12x20",
        SPEARMAN,
        12,
        20,
        "difference",
        Population(rivals=True),
        says="two models that are equally good",
    ),
    Cell(
        "encoding-difference-12x50",
        ENCODING,
        12,
        50,
        "difference",
        Population(rivals=True, latent=10, units=15, noise=1.5),
        says="two models that are equally good; a known limit: below 100 stimuli the test is too liberal",
    ),
    Cell(
        "encoding-difference-12x100",
        ENCODING,
        12,
        100,
        "difference",
        Population(rivals=True, latent=10, units=15, noise=1.5),
        says="two models that are equally good",
        repetitions=2000,
    ),
    Cell("rsa-small-5x12", SPEARMAN, 5, 12, small=True, repetitions=2000),
    Cell("rsa-small-4x92", SPEARMAN, 4, 92, small=True, repetitions=1000),
    Cell("cka-small-5x12", CKA, 5, 12, small=True, repetitions=2000),
)
