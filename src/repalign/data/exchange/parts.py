"""What a format can hold: nothing is left out unless it was said by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from repalign.data.assembly import Assembly
from repalign.data.rdm import RDM
from repalign.errors import UnknownNameError, UnsuitableError

# What may be left out on demand, and what not, because the numbers mean nothing without it.
DROPPABLE = ("units", "labels", "dissimilarity")
ASSEMBLY_PARTS = frozenset({"units", "leading"})
RDM_PARTS = frozenset({"labels", "dissimilarity", "stack"})
EVERYTHING: Mapping[str, frozenset[str]] = {"assembly": ASSEMBLY_PARTS, "rdm": RDM_PARTS}
_WHAT = {
    "units": "labels of the units",
    "leading": "an axis of repetitions or subjects",
    "labels": "labels of several RDMs",
    "dissimilarity": "the name of the dissimilarity",
    "stack": "several RDMs",
}


def held(
    responses: Assembly | RDM, holds: Mapping[str, frozenset[str]], drop: Collection[str], title: str
) -> Assembly | RDM:
    """The responses without what is to be dropped, if the format can hold all the rest.

    Args:
        responses: What is to be written.
        holds: The parts that the format can hold, of an ``"assembly"`` and of an ``"rdm"``.
        drop: Parts to leave out: ``"units"``, ``"labels"``, ``"dissimilarity"``.
        title: What the format is called.

    Raises:
        UnknownNameError: There is no such part.
        UnsuitableError: The format cannot hold them.
        IdentityError: The responses have no stimulus ids.
    """
    for part in drop:
        if part not in DROPPABLE:
            raise UnknownNameError.among("part that can be dropped", part, DROPPABLE)
    noun = "assembly" if isinstance(responses, Assembly) else "rdm"
    if noun not in holds:
        raise UnsuitableError(
            f"{title} cannot hold {'an assembly' if noun == 'assembly' else 'an RDM'}",
            hint="Write format='npz', 'netcdf' or 'zarr'.",
        )
    responses.require_ids()
    slim = _without(responses, drop)
    lost = sorted(_present(slim) - holds[noun])
    if lost:
        named = [part for part in lost if part in DROPPABLE]
        say = f"Say drop={tuple(named)} to leave them out, or w" if named == lost else "W"
        raise UnsuitableError(
            f"{title} cannot hold {' or '.join(_WHAT[part] for part in lost)}",
            hint=f"{say}rite format='npz', 'netcdf' or 'zarr', which hold everything.",
        )
    return slim


def _without(responses: Assembly | RDM, drop: Collection[str]) -> Assembly | RDM:
    if isinstance(responses, Assembly):
        return replace(responses, units={}) if "units" in drop else responses
    slim = replace(responses, labels={}) if "labels" in drop else responses
    return replace(slim, dissimilarity="as given") if "dissimilarity" in drop else slim


def _present(responses: Assembly | RDM) -> frozenset[str]:
    if isinstance(responses, Assembly):
        has = {"units": bool(responses.units), "leading": responses.leading is not None}
    else:
        has = {
            "labels": bool(responses.labels),
            "dissimilarity": responses.dissimilarity != "as given",
            "stack": responses.values.ndim == 2,
        }
    return frozenset(part for part, there in has.items() if there)
