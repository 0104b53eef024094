"""Why public implementations give another number, as far as it was found out.

Each cause: implementation, a regular expression of the table's names, why. ``reproduced`` says that the
cause was put into a formula and gave the published value; ``read`` that only its code was looked at.
"""

from __future__ import annotations

_BFLOAT = "inputs rounded to bfloat16 (reproduced: .4891966)"
_REDUCED = "not found out; of the size of reduced precision, but rounding the inputs to bfloat16 gives {}"
_LINEAR = "law of cosines with the lengths of the linear kernels, not of the RBF kernels (reproduced)"
_PYRCCA = "the mean of the correlations that `validate` returns, not canonical correlations (read)"
_LENGTHS = (
    "law of cosines with squared lengths of 30 for each component kept, as standardised components have "
    "(reproduced)"
)
_NNSRM = (
    "units and stimuli exchanged, and the disparity 1 - cos^2 entered as a Euclidean distance, from "
    "which the "
    "others are derived (reproduced)"
)
_MODELSYM = (
    "units and stimuli exchanged, not centred, 1 - chord/2 entered as a Euclidean distance, from which the "
    "others are derived (reproduced to 4e-5; the rest was not found out)"
)
_PROCRUSTES = "(nbs|procrustes)-.*"

CAUSES: tuple[tuple[str, str, str], ...] = (
    ("unsupervised_analysis", "cka-kernel=linear-.*", _BFLOAT),
    ("fsd", "cka-kernel=linear-.*", _BFLOAT),
    ("platonic", "cka-kernel=linear-hsic=gretton-.*", _BFLOAT),
    ("platonic", "cka-kernel=linear-hsic=song-.*", _REDUCED.format(".0234558")),
    ("unsupervised_analysis", r"cka-kernel=\(rbf.*", _REDUCED.format(".894001")),
    ("fsd", r"cka-kernel=\(rbf.*", _REDUCED.format(".894001")),
    (
        "platonic",
        r"cka-kernel=\(rbf.*euclidean",
        f"{_LINEAR}, of a score that differs for a reason not found out",
    ),
    ("platonic", r"cka-kernel=\(rbf.*hsic=gretton.*", _REDUCED.format(".894001")),
    ("platonic", r"cka-kernel=\(rbf.*hsic=song.*", _REDUCED.format(".0674653")),
    ("thingsvision", r"cka-kernel=\(rbf.*euclidean", _LINEAR),
    ("repsim", r"cka-kernel=\(rbf.*euclidean", _LINEAR),
    ("pyrcca", "(sv)?cca-.*", _PYRCCA),
    (
        "netrep",
        "svcca-var=0.95-.*",
        "the sum of correlations over sqrt(16 x 17), the components kept, not over the smaller (reproduced)",
    ),
    (
        "repsim",
        "svcca-var=0.95-(score|distance=angular)",
        "both sides cut to the 16 components of the smaller (reproduced)",
    ),
    ("repsim", "svcca-var=0.95-.*", f"both sides cut to the 16 components of the smaller; {_LENGTHS}"),
    ("repsim", "(sv)?cca-.*euclidean", _LENGTHS),
    (
        "resi",
        "svcca-var=0.99-.*",
        "keeps one component: the threshold is multiplied by the variance twice (reproduced: .1131685)",
    ),
    ("nnsrm_neurips18", _PROCRUSTES, _NNSRM),
    ("modelsym", _PROCRUSTES, _MODELSYM),
    (
        "llm_repsim",
        "rsa-rdm=correlation-compare=pearson",
        "units centred first, and Spearman, not Pearson, between the RDMs (reproduced to 9 digits)",
    ),
    ("llm_repsim", "jaccard_similarity", "units centred first (reproduced); see below"),
    ("resi", "rsm_norm_difference", "largest singular value of the difference (reproduced); see below"),
    (
        "neuroaimetrics",
        "soft_correlation_match",
        "optimal transport, with correlations in bfloat16 (reproduced); see below",
    ),
)

_CV = "cross-validated over 5 folds of stimuli; we cross-validate predictions, not this"
_PWCCA = (
    "not reproducible: 30 stimuli and 25 + 25 units leave 21 of 25 correlations at exactly 1, so the weights "
    "depend on an arbitrary basis and on the order of the units (the paper's formula gives .8919 to "
    ".8957 over "
    "rotations of the units; the table holds .893341 and .958854). `pwcca` refuses these inputs"
)
_BRAINSCORE = (
    "brainscore: least squares (24 stimuli, 25 units: the minimum-norm fit) whatever the name says, as its "
    "columns for regression, ridge and PLS hold one value; KFold(5, shuffled, seed 1), median over "
    "units, mean "
    "over folds (reproduced; ridge would give .0475)"
)
_DEEPDIVE = (
    "deepdive: ridge with penalty 1 whatever the name says, contiguous folds, scored over all folds at once "
    "(reproduced); ours score within folds, because the folds' offsets differ"
)

NOT_OURS: tuple[tuple[str, str], ...] = (
    ("pwcca-.*", _PWCCA),
    ("(cca|svcca|nbs|procrustes)-.*-cv=5folds", _CV),
    ("(linear_regression|ridge-lambda=1)-pearsonr-cv=5folds", f"{_BRAINSCORE}. {_DEEPDIVE}"),
    ("(linear_regression|ridge-lambda=1)-(pearsonr2|r2)-cv=5folds", _DEEPDIVE),
    ("pls-pearsonr-cv=5folds", _BRAINSCORE),
    (
        "(linear_regression|ridge-lambda=1|pls)-pearsonr",
        "the same in ten stratified 90/10 splits, seed 1: least squares whatever the name says",
    ),
    (
        "pls-pearsonr-components=25-cv=5folds",
        "25 components from 24 stimuli, which do not exist (24 give .1009, 23 give .1031); not found out",
    ),
    (
        "ridge-pearsonr-cv=5folds(-reverse)?",
        "held-out stimuli are z-scored by their own mean and spread, one penalty for all units, "
        "folds of seed 42",
    ),
    ("pls", "mean singular value of the cross-covariance (reproduced); not a regression"),
    ("cka-.*negative_log", "-log of a score that is itself not the majority's (see fsd above)"),
    (
        "svcca-(score|distance=.*)",
        "states no cut: rtd takes 99 % of the summed singular values after centring the wrong axis, "
        "contrasim "
        "none, which is `cca-mean`",
    ),
    (
        "correlation",
        "two quantities: the median over units paired by position (brainscore); the mean over target "
        "units of "
        "their best correlation (mouse_vision), half of `semi-matching-correlation`. Both reproduced",
    ),
    (
        "cosine",
        "cosine of the two matrices of responses, units paired by position (reproduced); ours do not "
        "pair units",
    ),
    (
        "euclidean",
        "Frobenius norm of the difference of the linear kernels, not centred (reproduced); not in "
        "the catalogue",
    ),
    ("isc", "mean correlation of all pairs of units, one of each side (reproduced); not in the catalogue"),
    ("(linear|rbf|cos)_sparse_HSIC", "sparse HSIC; not in the catalogue"),
    (
        "imd",
        "multi-scale distance of graph spectra, estimated at random: its two implementations differ by 1.6 %",
    ),
    (
        "(linear|kernel)_CKA",
        "`cka-linear-biased` and `cka-rbf-sigma1-biased` of inputs rounded to bfloat16 (reproduced)",
    ),
    (
        "(unbiased_linear|linear|kernel)_HSIC",
        "HSIC without normalisation, tr(KHLH) or (n - 3)^2 times the unbiased one, of inputs rounded "
        "to bfloat16 "
        "(reproduced); not in the catalogue",
    ),
    (
        "ensd-distance=angular_normalized",
        "2/pi arccos of linear CKA (reproduced): `cka-linear-biased-angular` in another unit",
    ),
    ("max_match", "share of maximally matching units of two subspaces, 0 here; not in the catalogue"),
    ("pairwisematching|versa", "what it computes was not found out"),
    (
        "rsa-rdm=gaussian-compare=spearman",
        "no dissimilarity of ours; a Gaussian kernel keeps the order of distances, so the value is that of "
        "`rsa-euclidean-spearman`",
    ),
    (
        "rsa-rdm=gaussian-compare=pearson",
        "RDMs by a Gaussian kernel whose width was not found out; not in the catalogue",
    ),
    ("wreath_cka", "the table holds no value"),
    ("wreath_procrustes", "Procrustes over cyclic shifts of convolutional maps; not in the catalogue"),
    (
        "zero_diagonal-cosine",
        "not found out; the cosine of centred kernels without their diagonals is `cka-linear-lange`, "
        ".0533364",
    ),
)

#: Names on which two implementations give two numbers, with what the formula gives; and names to mind.
SPLITS = """
## Where implementations split evenly

Three names are implemented twice, with two numbers. Ours is what the formula gives.

**`jaccard_similarity`.** J = mean over stimuli i of |N_X(i) ∩ N_Y(i)| / |N_X(i) ∪ N_Y(i)|, where N_X(i)
are the 10 stimuli whose patterns have the largest cosine with that of i. The formula takes the patterns
as they are: .2148807 (ReSi, ours). With every unit's mean subtracted first it is .1844222 (llm_repsim);
whoever wants that gives centred responses.

**`rsm_norm_difference`.** The length of the difference of two RDMs of Euclidean distances, over the pairs
i < j: sqrt(sum (x_ij - y_ij)^2) = 6.998241 (llm_repsim, ours; ReSi too, where it calls it
`rsa-rdm=euclidean-compare=euclidean`). Over the square matrix each pair counts twice, and the Frobenius
norm is sqrt(2) times that. Under this name ReSi takes the matrix norm of order 2, the largest singular
value of the square matrix: 4.284021.

**`soft_correlation_match`.** Two measures under one name. C holds the correlations of the units of X
(rows) with those of Y (columns). Semi-matching (Li et al. 2015) is the mean of the best partners, here in
both directions: (mean_j max_i C_ij + mean_i max_j C_ij) / 2 = .3761355 (ReSi, ours:
`semi-matching-correlation`). Soft matching (Khosla & Williams 2024) is the largest sum T_ij C_ij over T
with equal sums of rows and of columns. With 25 units on both sides the best T is a permutation
(Birkhoff), so it is hard matching, .3363915 (`soft-matching-correlation`); neuroaimetrics has .3365960,
because its correlations are in bfloat16.

## Names with a catch

- `pwcca-...` has no number on these inputs, see below; at 300 stimuli the same code still depends on the
  order of the units (.5617 or .5573), ours (.5906) does not.
- `...=lange`: HSIC of centred kernels without their diagonals. `...=song` is the debiased form.
- `cka-kernel=(laplace-...)-...euclidean` is implemented once, with the lengths of linear kernels; our id
  says so.
- `rsa-rdm=squared_euclidean-compare=bures_metric` divides by the number of units, so our id is that of
  mahalanobis; `bures_metric` is the squared distance.
- `rsa-rdm=poisson-compare=bures`: these dissimilarities are no squared distances and their kernel has
  negative eigenvalues. rsatoolbox sets them to 0 in one place and not in others, so its value depends on
  the order of the sides (.7200411, exchanged .7184363). Our `-clipped` ids do the same and are not
  listed; `rsa-poisson-bures` is refused.
- `linear_regression`, `ridge-lambda=1-r2` are fits scored on the stimuli that they were fitted to; our
  ids say `insample`.
"""
