"""All families of measures in one registry, and the other names under which they are found."""

from __future__ import annotations

from collections.abc import Mapping

from repalign.data import Registry
from repalign.errors import UnknownNameError
from repalign.metrics.catalogue import (
    behaviour,
    cca,
    cka,
    encoding,
    matching,
    neighbours,
    reweighted,
    rsa,
    shape,
    similarity,
    stochastic,
)
from repalign.metrics.catalogue.family import Family
from repalign.metrics.measure import Measure

_MODULES = {
    "RSA": rsa,
    "RSA with fitted weights": reweighted,
    "CKA": cka,
    "CCA": cca,
    "shape": shape,
    "matching of units": matching,
    "neighbours": neighbours,
    "other similarities": similarity,
    "stochastic": stochastic,
    "linear predictivity": encoding,
    "behaviour": behaviour,
}

#: All registered measures, by id.
MEASURES: Registry[Measure] = Registry("measure")
for _module in _MODULES.values():
    for _member in _module.MEMBERS:
        MEASURES.add(_member.id, _member)

#: Ids by group, in the order in which they are listed.
GROUPS: Mapping[str, tuple[str, ...]] = {
    name: tuple(member.id for member in module.MEMBERS) for name, module in _MODULES.items()
}
#: Recipes whose parameter may take other values than the registered ones.
FAMILIES: tuple[Family, ...] = tuple(family for module in _MODULES.values() for family in module.FAMILIES)
#: Names of the comparison of public implementations (the nacloos similarity repository) to ids.
ALIASES: Mapping[str, str] = {
    golden: ours for module in _MODULES.values() for golden, ours in module.ALIASES.items()
}


def measure(name: str | Measure) -> Measure:
    """The measure with this id; a measure is returned as it is.

    Args:
        name: A registered id, an id of a family with another parameter (``"mutual-knn-k7"``), or a name
            of the golden table (``"cka-kernel=linear-hsic=song-score"``).

    Raises:
        UnknownNameError: No such measure; the nearest ids are in the hint.
        InputError: The id states a parameter out of range.
    """
    found = name if isinstance(name, Measure) else find_measure(name)
    if found is None:
        raise UnknownNameError.among("measure", str(name), [*MEASURES, *ALIASES])
    return found


def find_measure(name: str) -> Measure | None:
    """As :func:`measure`, but None where there is no measure of this name.

    Args:
        name: As in :func:`measure`.

    Returns:
        The measure, or None.

    Raises:
        InputError: The id states a parameter out of range.
    """
    wanted = ALIASES.get(name, name)
    if wanted in MEASURES:
        return MEASURES[wanted]
    return next((found for family in FAMILIES if (found := family.read(wanted)) is not None), None)
