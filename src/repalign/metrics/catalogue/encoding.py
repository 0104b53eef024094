"""Linear predictivity."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import ceil, isfinite

import numpy as np

from repalign.errors import InputError
from repalign.maths.insample import ols_insample_r2, reverse_ols_insample_r2, uncentred_ridge_insample_r2
from repalign.maths.regression import Method, by_ols, by_pls, by_ridge, by_ridge_cv, by_ridge_gcv
from repalign.metrics.catalogue.family import Family
from repalign.metrics.encoding import SUMMARIES, Encoding
from repalign.metrics.measure import INVARIANCES, Measure
from repalign.metrics.rows import Rows

_SCALED = frozenset({"permutation", "scaling", "translation"})
_TURNED = _SCALED | {"orthogonal"}
_SCORES = {"pearson": ("Pearson r", (-1.0, 1.0)), "r2": ("R^2", (None, 1.0))}
_NASELARIS = "Naselaris et al. 2011, NeuroImage 56:400"


def _encoding(
    name: str,
    how: str,
    method: Method,
    blind: frozenset[str],
    source: str,
    fewest: int,
    *,
    k: int,
    score: str,
    summary: str,
) -> Encoding:
    """A measure of linear predictivity; ``fewest`` stimuli are needed in each fit part."""
    least = 3 if name == "ridge-cv" else 2
    if k < least:
        raise InputError(f"encoding-{name} needs at least {least} folds; saw {k}", hint="Usual: 5fold.")
    words, bounds = _SCORES[score]
    return Encoding(
        id=f"encoding-{name}-{k}fold-{score}-{summary}",
        formula=f"{summary} over units of {words} in held-out folds; {how.format(k=k)}",
        range=bounds,
        symmetric=False,
        invariances=blind,
        min_stimuli=max(5 * k, _needed(fewest, k)),
        source=source,
        calibrated=(name, score, summary) == ("ridge-gcv", "pearson", "median"),
        method=method,
        n_folds=k,
        score=score,
        summary=summary,
    )


def _needed(fewest: int, k: int) -> int:
    """Stimuli of which a fit part, all folds but the largest, holds ``fewest``."""
    n = fewest
    while n - ceil(n / k) < fewest:
        n += 1
    return n


def _gcv(k: int, score: str, summary: str) -> Encoding:
    how = "ridge, {k} folds, penalty per unit by GCV"
    source = f"{_NASELARIS}; Golub, Heath & Wahba 1979, eq. 1.4"
    return _encoding("ridge-gcv", how, by_ridge_gcv(), _SCALED, source, 3, k=k, score=score, summary=summary)


def _cv(k: int, score: str, summary: str) -> Encoding:
    how = "ridge, {k} folds, penalty per unit by cross-validation over the other folds"
    source = f"{_NASELARIS}; Dupre la Tour et al. 2022, NeuroImage 264:119728"
    return _encoding("ridge-cv", how, by_ridge_cv(), _SCALED, source, 3, k=k, score=score, summary=summary)


def _fixed(penalty: float, k: int, score: str, summary: str) -> Encoding:
    if not (isfinite(penalty) and penalty > 0):
        raise InputError(f"a ridge penalty is above 0; saw {penalty}", hint="Without one: encoding-ols-...")
    text = np.format_float_positional(penalty, trim="-")
    how = f"ridge on standardised units, penalty {text}, {{k}} folds"
    source = f"{_NASELARIS}; Hoerl & Kennard 1970, Technometrics 12:55"
    method = by_ridge(penalty)
    return _encoding(
        f"ridge-lambda{text}", how, method, _SCALED, source, 3, k=k, score=score, summary=summary
    )


def _ols(k: int, score: str, summary: str) -> Encoding:
    how = "least squares, {k} folds; needs more stimuli than units in each fit part"
    blind = frozenset(INVARIANCES)
    return _encoding("ols", how, by_ols(), blind, _NASELARIS, 3, k=k, score=score, summary=summary)


def _pls(components: int, k: int, score: str, summary: str) -> Encoding:
    if components < 1:
        raise InputError(f"PLS needs at least 1 component; saw {components}", hint="Usual: pls25.")
    how = f"PLS, {components} components of centred units, {{k}} folds"
    source = "Yamins et al. 2014, PNAS 111:8619; Schrimpf et al. 2018, bioRxiv 407007"
    method, fewest = by_pls(components), components + 1
    return _encoding(
        f"pls{components}", how, method, _TURNED, source, fewest, k=k, score=score, summary=summary
    )


def _known(names: dict[str, object]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in names:
            raise ValueError(text)
        return text

    return read


_TAIL = "{k}fold-{score}-{summary}"
_PARSE: dict[str, Callable[[str], object]] = {
    "k": int,
    "score": _known(dict(_SCORES)),
    "summary": _known(dict(SUMMARIES)),
}

FAMILIES: tuple[Family, ...] = (
    Family(f"encoding-ridge-gcv-{_TAIL}", _PARSE, _gcv),
    Family(f"encoding-ridge-cv-{_TAIL}", _PARSE, _cv),
    Family(f"encoding-ridge-lambda{{penalty}}-{_TAIL}", {"penalty": float, **_PARSE}, _fixed),
    Family(f"encoding-ols-{_TAIL}", _PARSE, _ols),
    Family(f"encoding-pls{{components}}-{_TAIL}", {"components": int, **_PARSE}, _pls),
)

_BUILDERS = (_gcv, _cv, partial(_fixed, 1.0), _ols, partial(_pls, 25))

MEMBERS: tuple[Measure, ...] = (
    *(build(5, "pearson", "median") for build in _BUILDERS),
    *(build(5, "r2", "median") for build in _BUILDERS),
    _gcv(5, "pearson", "mean"),
    _gcv(5, "r2", "mean"),
    Rows(
        id="encoding-ols-insample-r2-pooled",
        formula="1 - SS(Y - fit) / SS(Y - mean) of least squares, units together; p/(n-1) by chance",
        range=(0.0, 1.0),
        symmetric=False,
        invariances=frozenset(INVARIANCES),
        equal_sides=1.0,
        source="Klabunde et al. 2023, arXiv 2305.06329, linear regression",
        function=ols_insample_r2,
    ),
    Rows(
        id="encoding-ols-reverse-insample-r2-pooled",
        formula="1 - SS(X - fit) / SS(X - mean) of least squares from the target to the model's units",
        range=(0.0, 1.0),
        symmetric=False,
        invariances=_TURNED,
        equal_sides=1.0,
        source="Klabunde et al. 2023, arXiv 2305.06329, linear regression",
        function=reverse_ols_insample_r2,
    ),
    Rows(
        id="encoding-ridge-uncentred-lambda1-insample-r2-mean",
        formula="mean over units of R^2 of (X'X + I)^-1 X'Y on the stimuli it was fitted to, no intercept",
        range=(None, 1.0),
        symmetric=False,
        invariances=frozenset({"permutation", "orthogonal"}),
        source="Toneva & Wehbe 2019, NeurIPS (its published code)",
        function=partial(uncentred_ridge_insample_r2, penalty=1.0),
    ),
)
ALIASES: dict[str, str] = {
    "linear_regression": "encoding-ols-reverse-insample-r2-pooled",
    "ridge-lambda=1-r2": "encoding-ridge-uncentred-lambda1-insample-r2-mean",
    "kernel_ridge-lambda=1-r2": "encoding-ridge-uncentred-lambda1-insample-r2-mean",
}
