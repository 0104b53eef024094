"""What may be said about each comparison between RDMs; combined with dissimilarities into RSA measures."""

from __future__ import annotations

from dataclasses import dataclass

_SCHUETT = "Schuett et al. 2023, eLife 12:e82566"
_DIEDRICHSEN = "Diedrichsen et al. 2021, Neurons Behav. Data Anal. Theory 5(3)"
_SHAHBAZI = "Shahbazi et al. 2021, NeuroImage 239:118271"
_WILLIAMS = "Williams et al. 2021, NeurIPS; Bhatia, Jain & Lim 2019, Expo. Math. 37:165"


@dataclass(frozen=True)
class Between:
    """One comparison of RDMs, for the catalogue.

    Args:
        formula: In one line; x, y are the pairs of two RDMs, P their number, K = -1/2 H D H the kernel of
            the RDM D taken as squared distances, V the covariance of errors of the pairs.
        source: Paper.
        range: Lowest and highest value; None where there is no bound.
        higher_is_closer: True for similarities, False for distances.
        is_metric: Whether it is zero for equal RDMs and obeys the triangle inequality.
        symmetric: Whether both sides may be exchanged.
        scale_free: Blind to multiplying one RDM by a positive number.
        ranked: Blind to any increasing change of one RDM's values, so that a distance and its square
            give the same number.
        squared: It takes the RDM's values as squared Euclidean distances and is refused (or, where the
            name says ``clipped``, mended) where they cannot be.
        full_rank: It is refused where a side has fewer units than stimuli - 1.
    """

    formula: str
    source: str
    range: tuple[float | None, float | None] = (-1.0, 1.0)
    higher_is_closer: bool = True
    is_metric: bool = False
    symmetric: bool = True
    scale_free: bool = True
    ranked: bool = False
    squared: bool = False
    full_rank: bool = False

    @property
    def equal_sides(self) -> float:
        """The value for equal RDMs without ties."""
        return 1.0 if self.higher_is_closer else 0.0


def _distance(formula: str, source: str, **more: bool) -> Between:
    return Between(formula, source, (0.0, None), higher_is_closer=False, scale_free=False, **more)


#: By the name used in ``repalign.maths.COMPARISONS``.
BETWEEN: dict[str, Between] = {
    "pearson": Between("Pearson r", "Kriegeskorte, Mur & Bandettini 2008, Front. Syst. Neurosci. 2:4"),
    "spearman": Between(
        "Spearman rho (mid-ranks)", "Nili et al. 2014, PLoS Comput. Biol. 10:e1003553", ranked=True
    ),
    "rho-a": Between("rho-a = 12 sum(r1 r2) / (P^3 - P)", _SCHUETT, ranked=True),
    "cosine": Between("x'y / (|x| |y|)", _SCHUETT),
    "tau-a": Between(
        "Kendall tau-a = (concordant - discordant) / (P (P - 1) / 2)",
        "Nili et al. 2014, PLoS Comput. Biol. 10:e1003553; Kendall 1938",
        ranked=True,
    ),
    "tau-b": Between(
        "Kendall tau-b = (concordant - discordant) / sqrt(untied in x, untied in y)",
        "Kendall 1945, Biometrika 33:239",
        ranked=True,
    ),
    "whitened-cosine": Between("x'V^-1 y / sqrt(x'V^-1 x y'V^-1 y), V for Sigma_k = I", _DIEDRICHSEN),
    "whitened-pearson": Between("whitened cosine of x - mean(x) and y - mean(y)", _DIEDRICHSEN),
    "bures": Between("tr((K1^.5 K2 K1^.5)^.5) / sqrt(tr K1 tr K2)", _WILLIAMS, (0.0, 1.0), squared=True),
    "bures-clipped": Between(
        "Bures similarity, negative eigenvalues of K1 and of the product set to 0, traces kept",
        _WILLIAMS,
        (0.0, None),
        symmetric=False,
        squared=True,
    ),
    "bures-distance": _distance(
        "sqrt(tr K1 + tr K2 - 2 tr((K1^.5 K2 K1^.5)^.5))", _WILLIAMS, is_metric=True, squared=True
    ),
    "bures-distance-squared": _distance("tr K1 + tr K2 - 2 tr((K1^.5 K2 K1^.5)^.5)", _WILLIAMS, squared=True),
    "bures-distance-squared-clipped": Between(
        "tr K1 + tr K2 - 2 tr((K1^.5 K2 K1^.5)^.5), negative eigenvalues of K1 and of the product set to 0",
        _WILLIAMS,
        (None, None),
        higher_is_closer=False,
        symmetric=False,
        scale_free=False,
        squared=True,
    ),
    "riemannian": _distance(
        "sqrt(sum log^2 eig(K1^-1 K2)) where vectors sum to zero",
        f"{_SHAHBAZI}; Pennec, Fillard & Ayache 2006, IJCV 66:41",
        is_metric=True,
        squared=True,
        full_rank=True,
    ),
    "riemannian-shrinkage0.1": _distance(
        "sqrt(sum log^2 eig(L1^-1 L2)), L = .9 K + .1 tr(K) / (n - 1) I",
        f"{_SHAHBAZI}; Pennec, Fillard & Ayache 2006, IJCV 66:41",
        is_metric=True,
        squared=True,
    ),
    "riemannian-fitted": Between(
        "least over a, b > 0 of sqrt(sum log^2 eig((a K1 + b I) K2^-1)), the model first",
        _SHAHBAZI,
        (0.0, None),
        higher_is_closer=False,
        symmetric=False,
        squared=True,
        full_rank=True,
    ),
    "euclidean": _distance("|x - y|", "Yin & Shen 2018, NeurIPS (RSM norm difference)", is_metric=True),
}
