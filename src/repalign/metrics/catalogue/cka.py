"""Centred kernel alignment: kernel, its width, estimator of HSIC, and what is made of the score."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from repalign.errors import InputError
from repalign.maths import Floats, linear_cka, linear_cka_debiased
from repalign.maths.cka import HSIC, MIN_STIMULI, centred_trace, linear_cka_lange
from repalign.maths.radial import radial_cka, radial_trace
from repalign.metrics.catalogue.derived import RULES, derived, law_of_cosines
from repalign.metrics.catalogue.family import Family
from repalign.metrics.measure import Measure
from repalign.metrics.rows import Rows

_RIGID = frozenset({"permutation", "orthogonal", "translation"})
_SHAPE = _RIGID | {"scaling"}
_LINEAR = {"biased": linear_cka, "debiased": linear_cka_debiased, "lange": linear_cka_lange}
_KERNELS = {"rbf": "exp(-d^2 / (2 sigma^2))", "laplace": "exp(-d / (sqrt(2) sigma))"}
_ESTIMATES = {
    "biased": "tr(KHLH) / sqrt(tr(KHKH) tr(LHLH)), biased upwards",
    "debiased": "HSIC_1(K,L) / sqrt(HSIC_1(K,K) HSIC_1(L,L)), 0 expected by chance",
    "lange": "cosine of the off-diagonal entries of HKH and HLH",
}
_SOURCES = {
    "biased": "Kornblith et al. 2019, ICML; Cortes, Mohri & Rostamizadeh 2012, JMLR 13:795",
    "debiased": "Song et al. 2012, JMLR 13:1393; Murphy, Zylberberg & Fyshe 2024",
    "lange": "Lange et al. 2023, TAG-ML",
}
_WIDTHS = {"sigma": "{value}", "median": "{value} x the median distance"}


def linear(estimator: str) -> Rows:
    """CKA of linear kernels."""
    return Rows(
        id=f"cka-linear-{estimator}",
        formula={
            "biased": "|Xc'Yc|^2 / (|Xc'Xc| |Yc'Yc|), biased upwards where units outnumber stimuli",
            "debiased": "HSIC_1(X,Y) / sqrt(HSIC_1(X,X) HSIC_1(Y,Y)), linear kernel; 0 expected by chance",
            "lange": "cosine of the off-diagonal entries of Xc Xc' and Yc Yc'",
        }[estimator],
        range=_range(estimator),
        invariances=_SHAPE,
        min_stimuli=max(3, MIN_STIMULI[estimator]),
        source=_SOURCES[estimator],
        calibrated=estimator == "debiased",
        function=_LINEAR[estimator],
    )


def radial(kernel: str, width: str, value: float, estimator: str) -> Rows:
    """CKA of kernels of the distance, with an absolute width or one relative to the median distance.

    Raises:
        InputError: The width is not a positive number.
    """
    if not (np.isfinite(value) and value > 0):
        raise InputError(
            f"the width of a kernel is a positive number, not {value}",
            hint="For example cka-rbf-median1-debiased.",
        )
    shown = np.format_float_positional(value, trim="-")
    sigma = _WIDTHS[width].format(value=shown)
    return Rows(
        id=f"cka-{kernel}-{width}{shown}-{estimator}",
        formula=f"{_ESTIMATES[estimator]}; K_ij = {_KERNELS[kernel]}, sigma = {sigma}",
        range=_range(estimator),
        invariances=_SHAPE if width == "median" else _RIGID,
        min_stimuli=max(3, MIN_STIMULI[estimator]),
        source=_SOURCES[estimator],
        function=partial(_radial_cka, kernel, estimator, width, value),
    )


def with_rule(score: Rows, rule: str) -> Rows:
    """A distance made of a CKA: an angle or Euclidean distance between kernels is a metric."""
    if rule in RULES:
        return derived(score, rule, is_metric=rule == "angular")
    return law_of_cosines(score, rule, *_size(score, rule), squared="squared" in rule, is_metric=True)


def _size(score: Rows, rule: str) -> tuple[Callable[[Floats], float], str, frozenset[str]]:
    if rule.endswith("-linear") or score.id.startswith("cka-linear"):
        return centred_trace, "the traces of the centred linear kernels", _RIGID
    kernel, _, width, value = score.function.args  # type: ignore[attr-defined]
    size = partial(_radial_trace, kernel, width, value)
    return size, "the traces of the centred kernels", score.invariances


def _radial_cka(kernel: str, estimator: str, width: str, value: float, X: Floats, Y: Floats) -> float:
    return radial_cka(X, Y, kernel, estimator, **{width: value})


def _radial_trace(kernel: str, width: str, value: float, X: Floats) -> float:
    return radial_trace(X, kernel, **{width: value})


def _range(estimator: str) -> tuple[float, float]:
    return (0.0 if estimator == "biased" else -1.0, 1.0)


_RULES = (
    *RULES,
    "euclidean",
    "squared-euclidean",
    "euclidean-linear",
    "squared-euclidean-linear",
)


def _build(kernel: str, width: str, rule: str, *, value: float = 0.0, estimator: str = "debiased") -> Rows:
    score = radial(kernel, width, value, estimator) if width else linear(estimator)
    return with_rule(score, rule) if rule else score


def _estimator(text: str) -> str:
    if text not in HSIC:
        raise ValueError(text)
    return text


def _family(kernel: str, width: str, rule: str) -> Family:
    middle, end = f"-{width}{{value}}" if width else "", f"-{rule}" if rule else ""
    parse: dict[str, Callable[[str], float | str]] = {"estimator": _estimator}
    if width:
        parse["value"] = float
    return Family(f"cka-{kernel}{middle}-{{estimator}}{end}", parse, partial(_build, kernel, width, rule))


_SPACES = (("linear", ""), *((kernel, width) for kernel in _KERNELS for width in _WIDTHS))

FAMILIES: tuple[Family, ...] = tuple(
    _family(kernel, width, rule)
    for kernel, width in _SPACES
    for rule in ("", *_RULES)
    if width or not rule.endswith("-linear")
)

_REGISTERED = (("linear", ""), ("rbf", "median"), ("rbf", "sigma"), ("laplace", "sigma"))

MEMBERS: tuple[Measure, ...] = tuple(
    _build(kernel, width, rule, value=1.0, estimator=estimator)
    for kernel, width in _REGISTERED
    for estimator, rule in (("debiased", ""), ("biased", ""), ("lange", ""), ("biased", "angular"))
)

_GOLDEN_KERNELS = {
    "linear": "linear",
    "(rbf-sigma=1.0)": "rbf-sigma1",
    "(laplace-sigma=1.0)": "laplace-sigma1",
}
_GOLDEN_ESTIMATORS = {"gretton": "biased", "song": "debiased", "lange": "lange"}
_GOLDEN_RULES = {
    "score": "",
    "distance=angular": "-angular",
    "distance=euclidean": "-euclidean",
    "distance=squared_euclidean": "-squared-euclidean",
}


def _golden(kernel: str, estimator: str, rule: str) -> str:
    # The one implementation with a Laplace kernel was given the sizes of the linear kernels.
    sizes = "-linear" if "laplace" in kernel and "euclidean" in rule else ""
    return f"cka-{_GOLDEN_KERNELS[kernel]}-{_GOLDEN_ESTIMATORS[estimator]}{_GOLDEN_RULES[rule]}{sizes}"


ALIASES: dict[str, str] = {
    f"cka-kernel={kernel}-hsic={estimator}-{rule}": _golden(kernel, estimator, rule)
    for kernel in _GOLDEN_KERNELS
    for estimator in _GOLDEN_ESTIMATORS
    for rule in _GOLDEN_RULES
    if (kernel, estimator) != ("(laplace-sigma=1.0)", "song")
} | {
    "cka-kernel=linear-hsic=gretton-distance=one_minus_score": "cka-linear-biased-one-minus",
    "cka-kernel=(rbf-sigma=1.0)-hsic=gretton-distance=one_minus_score": "cka-rbf-sigma1-biased-one-minus",
    "feature_space_linear_cka": "cka-linear-biased",
    "feature_space_linear_cka-debiased_True": "cka-linear-debiased",
}
