"""RSA with fitted weights."""

from __future__ import annotations

from repalign.metrics.catalogue import rsa
from repalign.metrics.catalogue.family import Family
from repalign.metrics.measure import Measure
from repalign.metrics.reweighted import ReweightedRSA
from repalign.metrics.rsa import RSA

_RSA = {m.id: m for m in rsa.MEMBERS if isinstance(m, RSA)}


def _reweighted(comparison: str, folds: int) -> ReweightedRSA:
    inner = _RSA[f"rsa-correlation-{comparison}"]
    return ReweightedRSA(
        id=f"reweighted-rsa-ridge-{folds}fold-{comparison}",
        formula=f"{comparison} on held-out stimuli of sum_k w_k (x_ik - x_jk)^2 with the target's RDM "
        f"(1 - Pearson r, where it gives responses); w by ridge on other stimuli, {folds} folds",
        range=(-1.0, 1.0),
        symmetric=False,
        invariances=frozenset({"permutation", "scaling", "translation"}),
        min_stimuli=5 * folds,
        source="Kaniuth & Hebart 2022, NeuroImage 257:119294",
        target=inner,
        n_folds=folds,
    )


MEMBERS: tuple[Measure, ...] = tuple(_reweighted(c, 5) for c in ("pearson", "spearman"))
FAMILIES: tuple[Family, ...] = ()
ALIASES: dict[str, str] = {}
