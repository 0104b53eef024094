"""repalign measures: what can be measured, by which formula, and what each measure declares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from repalign.cli.arguments import Json
from repalign.cli.output import print_json, print_text
from repalign.cli.tables import ABOUT, Column, Kind, plain, print_table
from repalign.metrics import (
    ALIASES,
    DIMENSIONALITIES,
    FAMILIES,
    FORMULAS,
    GROUPS,
    MEASURES,
    RSA,
    Measure,
    find_measure,
    measure,
)

_ID, _FORMULA = Column("id", Kind.WHOLE), Column("formula")


def measures(
    name: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One measure by id, or the beginning of several ids.")
    ] = None,
    json: Json = False,
) -> None:
    """List the measures: id, formula, range, direction, invariances, needs, source.

    Example: repalign measures cka-
    """
    chosen = _chosen(name)
    if json:
        described = [_described(m) for m in chosen]
        print_json(described[0] if name and len(described) == 1 else described)
        return
    if name and len(chosen) == 1:
        print_table(chosen[0].id, ABOUT, [[k, plain(v)] for k, v in _described(chosen[0]).items()])
        return
    ids = {m.id for m in chosen}
    for group, members in GROUPS.items():
        found = [MEASURES[ident] for ident in members if ident in ids]
        if found:
            _print_group(group, found, whole=name is None)
    if name is None:
        print_table("of one representation: repalign dimensionality FILE", [_ID, _FORMULA], _one_sided())
        print()
        print_table("with other parameters", [_ID], [[template] for template in _templates()])
        print()
        print_text(
            f"{len(MEASURES)} measures, {len(ALIASES)} other names of them; repalign measures ID shows one"
        )


def _chosen(name: str | None) -> list[Measure]:
    if name is None:
        return list(MEASURES.values())
    exact = find_measure(name)
    begun = [m for m in MEASURES.values() if m.id.startswith(name)]
    return [exact] if exact is not None else begun or [measure(name)]


def _one_sided() -> list[list[str]]:
    return [[name, DIMENSIONALITIES[name].formula] for name in DIMENSIONALITIES]


def _templates() -> list[str]:
    """Templates with a parameter, without those that only add an ending to another."""
    found = [family.template for family in FAMILIES if "{" in family.template]
    return [t for t in found if not any(t != u and t.startswith(u) for u in found)]


def _described(found: Measure) -> dict[str, Any]:
    others = sorted(other for other, ours in ALIASES.items() if ours == found.id)
    return found.describe() | {"aliases": others}


def _print_group(group: str, members: Sequence[Measure], *, whole: bool) -> None:
    products = [m for m in members if isinstance(m, RSA)]
    if whole and len(products) == len(members):
        # A product of two lists is told by the two lists; its ids follow without their formulas.
        within, between = FORMULAS
        pair = [Column("dissimilarity", Kind.WHOLE), Column()]
        print_table(f"{group}: rsa-DISSIMILARITY-COMPARISON", pair, list(within.items()))
        print_table("", [Column("comparison", Kind.WHOLE), Column()], list(between.items()))
        print_text(" ".join(m.id for m in members))
    else:
        print_table(group, [_ID, _FORMULA], [[m.id, m.formula] for m in members])
    print()
