"""Published models of timm by name, family, training data and size, without downloading any weights."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from repalign.errors import UnknownNameError
from repalign.models.torch_env import require

# Words of a tag that name a training set, in the order in which the weights met them.
TRAINING_SETS = re.compile(
    r"""in1k | in12k | in21k | in22k | inw21k | laion2b | laion400m | laiona | datacomp1b | datacompxl
    | dfn2b | dfn5b | dfndr2b | webli | yfcc100m | yfcc15m | cc12m | ig1b | jft | lvd142m | lvd1689m | sat493m
    | sa1b | merged2b | m30m | m38m | bamboo | 400m | 2pt5b""",
    re.VERBOSE,
)
IMPLIED = {
    "openai": ("wit400m",),
    "mae": ("in1k",),
    "fcmae": ("in1k",),
    "dino": ("in1k",),
    "swag": ("ig3.6b",),
    "seer": ("ig1b",),
    "metaclip": ("metaclip",),
}
PREFIXED = {"400m": "metaclip400m", "2pt5b": "metaclip2.5b"}
# The first that occurs in architecture or tag decides; ft_ and the like mean a classifier on top.
OBJECTIVES = (
    ("classification", r"_ft_|^ft_"),
    (
        "contrastive image-text",
        r"clip|laion|openai|datacomp|dfn|webli|pali|yfcc15m|cc12m|merged2b|400m|2pt5b",
    ),
    ("masked images", r"(^|_)(fc)?mae(_|$)|mim_|ijepa"),
    ("self-distillation", r"dino|lvd|seer|ssl_|eupe|sat493m"),
    ("segmentation", r"sa1b|sam_|samvit"),
    ("autoregressive images", r"aimv2|apple_pt"),
)


@dataclass(frozen=True)
class CatalogEntry:
    """One published model.

    Args:
        name: ``timm/ARCHITECTURE.TAG``, as :func:`repalign.models.model` takes it.
        family: The leading letters of the architecture.
        training_sets: What its tag says it was trained on, in order; empty if it does not say.
        objective: What its tag says it was trained to do.
        input_size: (height, width) in pixels.
        licence: As the publisher states it; ``"unknown"`` if it does not.
    """

    name: str
    family: str
    training_sets: tuple[str, ...]
    objective: str
    input_size: tuple[int, int]
    licence: str

    def as_dict(self) -> dict[str, Any]:
        """All fields as plain values."""
        return asdict(self)


def family_of(architecture: str) -> str:
    """The leading letters of a name: ``resnet50d`` is a ``resnet``."""
    letters = re.match(r"[A-Za-z]+", architecture)
    return letters.group().lower() if letters else architecture


def training_sets_of(architecture: str, tag: str) -> tuple[str, ...]:
    """Training sets that a tag names, in order, e.g. ``clip_laion2b_ft_in12k_in1k``.

    Args:
        architecture: The part of the name before the dot.
        tag: The part behind it.
    """
    found: list[str] = []
    for word in tag.split("_"):
        if TRAINING_SETS.fullmatch(word):
            found.append(PREFIXED.get(word, word))
        found.extend(IMPLIED.get(word.removesuffix("2"), ()))
    if "metaclip" in found and len(found) > 1:
        found.remove("metaclip")
    if not found and "dinov2" in architecture:
        found.append("lvd142m")
    return tuple(dict.fromkeys(found))


def objective_of(architecture: str, tag: str, num_classes: int | None) -> str:
    """What a tag says a model was trained to do: a guide to browsing, not a claim.

    Args:
        architecture: The part of the name before the dot.
        tag: The part behind it.
        num_classes: Outputs of its classifier; 0 or None if it has none.
    """
    for objective, pattern in OBJECTIVES:
        if re.search(pattern, tag) or (objective != "classification" and re.search(pattern, architecture)):
            return objective
    return "classification" if num_classes else "unknown"


def catalog(
    *,
    family: str | None = None,
    trained_on: str | None = None,
    size: int | None = None,
    search: str | None = None,
    one_per_family: bool = False,
) -> tuple[CatalogEntry, ...]:
    """Published models of timm, in alphabetical order. Every filter given must hold.

    Args:
        family: Leading letters of the name, e.g. ``resnet``.
        trained_on: A training set as tags spell it, e.g. ``in1k``, ``laion2b``.
        size: Height or width in pixels.
        search: Words that the name must contain, all of them.
        one_per_family: Of every family the first name of the whole list, before the other filters.

    Raises:
        UnavailableError: timm is not installed.
        UnknownNameError: No model is of this family or was trained on this set.
    """
    found = _entries()
    if one_per_family:
        found = list({entry.family: entry for entry in reversed(found)}.values())[::-1]
    if family is not None:
        _known("family of models", family, (e.family for e in _entries()))
        found = [e for e in found if e.family == family]
    if trained_on is not None:
        _known("training set", trained_on, (s for e in _entries() for s in e.training_sets))
        found = [e for e in found if trained_on in e.training_sets]
    words = (search or "").lower().split()
    return tuple(
        e
        for e in found
        if (size is None or size in e.input_size) and all(word in e.name.lower() for word in words)
    )


def _known(what: str, name: str, known: Iterable[str]) -> None:
    names = set(known)
    if name not in names:
        raise UnknownNameError.among(what, name, names)


def _entries() -> list[CatalogEntry]:
    require()
    import timm
    from timm.models import get_pretrained_cfg

    return [_entry(name, get_pretrained_cfg(name)) for name in sorted(timm.list_models(pretrained=True))]


def _entry(name: str, config: Any) -> CatalogEntry:
    architecture, _, tag = name.partition(".")
    return CatalogEntry(
        name=f"timm/{name}",
        family=family_of(architecture),
        training_sets=training_sets_of(architecture, tag),
        objective=objective_of(architecture, tag, config.num_classes),
        input_size=(config.input_size[1], config.input_size[2]),
        licence=config.license or "unknown",
    )
