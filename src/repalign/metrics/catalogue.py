"""The registered measures. Adding one is an entry here; the id states every parameter."""

from __future__ import annotations

from repalign.data import Registry
from repalign.maths import linear_cka, linear_cka_debiased, procrustes_angular_distance
from repalign.metrics.behaviour import ErrorConsistency, OddOneOut
from repalign.metrics.encoding import Encoding
from repalign.metrics.measure import Measure
from repalign.metrics.rows import Rows
from repalign.metrics.rsa import RSA

MEASURES: Registry[Measure] = Registry("measure")

_WITHIN = {
    "correlation": ("1 - Pearson r", frozenset({"permutation", "scaling"})),
    "euclidean": ("Euclidean distance", frozenset({"permutation", "orthogonal", "scaling", "translation"})),
    "cosine": ("1 - cosine", frozenset({"permutation", "orthogonal", "scaling"})),
}
_BETWEEN = {
    "pearson": ("Pearson r", "Kriegeskorte, Mur & Bandettini 2008, Front. Syst. Neurosci. 2:4"),
    "spearman": ("Spearman rho (mid-ranks)", "Nili et al. 2014, PLoS Comput. Biol. 10:e1003553"),
    "rho-a": ("rho-a = 12 sum(r1 r2) / (P^3 - P)", "Schuett et al. 2023, eLife 12:e82566"),
}
_SHAPE = frozenset({"permutation", "orthogonal", "scaling", "translation"})

for _inner, (_how, _blind) in _WITHIN.items():
    for _outer, (_formula, _source) in _BETWEEN.items():
        _id = f"rsa-{_inner}-{_outer}"
        _rsa = RSA(
            id=_id,
            formula=f"{_formula} of the pairs of two RDMs of {_how}",
            range=(-1.0, 1.0),
            invariances=_blind,
            source=_source,
            dissimilarity=_inner,
            comparison=_outer,
        )
        MEASURES.add(_id, _rsa)

MEASURES.add(
    "cka-linear-debiased",
    Rows(
        id="cka-linear-debiased",
        formula="HSIC_1(X,Y) / sqrt(HSIC_1(X,X) HSIC_1(Y,Y)), linear kernel; 0 expected by chance",
        range=(None, None),
        invariances=_SHAPE,
        min_stimuli=4,
        source="Song et al. 2012, JMLR 13:1393; Murphy, Zylberberg & Fyshe 2024",
        function=linear_cka_debiased,
    ),
)
MEASURES.add(
    "cka-linear-biased",
    Rows(
        id="cka-linear-biased",
        formula="|Xc'Yc|^2 / (|Xc'Xc| |Yc'Yc|), biased upwards where units outnumber stimuli",
        range=(0.0, 1.0),
        invariances=_SHAPE,
        source="Kornblith et al. 2019, ICML",
        function=linear_cka,
    ),
)
MEASURES.add(
    "procrustes-angular-distance",
    Rows(
        id="procrustes-angular-distance",
        formula="arccos( |Xc'Yc|_* / (|Xc| |Yc|) ), radians",
        range=(0.0, 1.5707963267948966),
        higher_is_closer=False,
        is_metric=True,
        invariances=_SHAPE,
        source="Williams et al. 2021, NeurIPS; Kendall 1984",
        function=procrustes_angular_distance,
    ),
)
MEASURES.add(
    "encoding-ridge-gcv-5fold-pearson-median",
    Encoding(
        id="encoding-ridge-gcv-5fold-pearson-median",
        formula="median over units of Pearson r in held-out folds; ridge, 5 folds, penalty per unit by GCV",
        range=(-1.0, 1.0),
        symmetric=False,
        invariances=frozenset({"permutation", "scaling", "translation"}),
        min_stimuli=25,
        source="Naselaris et al. 2011, NeuroImage 56:400; Golub, Heath & Wahba 1979, eq. 1.4",
    ),
)
MEASURES.add(
    "odd-one-out-dot-accuracy",
    OddOneOut(
        id="odd-one-out-dot-accuracy",
        formula="share of triplets whose odd one is outside the pair of largest dot product; chance 1/3",
        range=(0.0, 1.0),
        symmetric=False,
        invariances=frozenset({"permutation", "orthogonal", "scaling"}),
        source="Hebart et al. 2020, Nat. Hum. Behav. 4:1173",
    ),
)
MEASURES.add(
    "error-consistency-kappa",
    ErrorConsistency(
        id="error-consistency-kappa",
        formula="(c_obs - c_exp) / (1 - c_exp), c_exp = p q + (1-p)(1-q); the sign is kept",
        range=(-1.0, 1.0),
        source="Geirhos, Meding & Wichmann 2020, NeurIPS",
    ),
)


def measure(name: str | Measure) -> Measure:
    """The measure with this id; a measure is returned as it is.

    Raises:
        UnknownNameError: No such measure; the nearest ids are in the hint.
    """
    return name if isinstance(name, Measure) else MEASURES[name]
