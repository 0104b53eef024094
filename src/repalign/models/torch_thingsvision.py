"""The sources ``ssl`` and ``custom`` of thingsvision: their names, mapped onto networks that exist here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from repalign.errors import UnavailableError, UnknownNameError
from repalign.models.torch_env import require
from repalign.models.torch_settings import NETWORK, Setting, Text, settled
from repalign.models.torch_sources import architecture_blueprint

if TYPE_CHECKING:
    from repalign.models.torch_model import TorchModel

ECOSET_CLASSES = 565


@dataclass(frozen=True)
class Alias:
    """What a name of thingsvision's means here.

    Args:
        architecture: As :func:`architecture_blueprint` takes it; empty if it cannot be built.
        published: Whether the library of the architecture fetches these very weights.
        num_classes: Outputs of the classifier, 0 for none; None as published.
        reason: Why it is unavailable without a file of weights, or altogether.
        nearest: The nearest model that is here.
    """

    architecture: str = ""
    published: bool = False
    num_classes: int | None = None
    reason: str = ""
    nearest: str = ""


def _timm(name: str) -> Alias:
    return Alias(f"timm/{name}", published=True)


def _file(architecture: str, num_classes: int, nearest: str) -> Alias:
    reason = "neither timm nor torchvision publishes its weights"
    return Alias(architecture, num_classes=num_classes, reason=reason, nearest=nearest)


def _nothing(reason: str, nearest: str) -> Alias:
    return Alias(reason=reason, nearest=nearest)


_SSL_RESNETS = ("simclr", "mocov2", "jigsaw", "rotnet", "swav", "pirl", "barlowtwins", "vicreg", "dino")
_RESNET = "timm/resnet50.fb_ssl_yfcc100m_ft_in1k"


SSL: dict[str, Alias] = {
    **{f"{method}-rn50": _file("torchvision/resnet50", 0, _RESNET) for method in _SSL_RESNETS},
    "dino-vit-small-p16": _timm("vit_small_patch16_224.dino"),
    "dino-vit-small-p8": _timm("vit_small_patch8_224.dino"),
    "dino-vit-base-p16": _timm("vit_base_patch16_224.dino"),
    "dino-vit-base-p8": _timm("vit_base_patch8_224.dino"),
    "dinov2-vit-small-p14": _timm("vit_small_patch14_dinov2.lvd142m"),
    "dinov2-vit-base-p14": _timm("vit_base_patch14_dinov2.lvd142m"),
    "dinov2-vit-large-p14": _timm("vit_large_patch14_dinov2.lvd142m"),
    "dinov2-vit-giant-p14": _timm("vit_giant_patch14_dinov2.lvd142m"),
    "mae-vit-base-p16": _timm("vit_base_patch16_224.mae"),
    "mae-vit-large-p16": _timm("vit_large_patch16_224.mae"),
    "mae-vit-huge-p14": _timm("vit_huge_patch14_224.mae"),
    **{
        f"dino-xcit-{size}-p{patch}": _file(
            f"timm/xcit_{size.replace('-', '_')}_p{patch}_224", 0, "timm/vit_small_patch16_224.dino"
        )
        for size in ("small-12", "medium-24")
        for patch in (16, 8)
    },
}
CLIP = {
    "ViT-B/32": "vit_base_patch32_clip_quickgelu_224.openai",
    "ViT-B/16": "vit_base_patch16_clip_quickgelu_224.openai",
    "ViT-L/14": "vit_large_patch14_clip_quickgelu_224.openai",
    "ViT-L/14@336px": "vit_large_patch14_clip_quickgelu_336.openai",
    "RN50": "resnet50_clip.openai",
    "RN101": "resnet101_clip.openai",
    "RN50x4": "resnet50x4_clip.openai",
    "RN50x16": "resnet50x16_clip.openai",
    "RN50x64": "resnet50x64_clip.openai",
}
SAM = {
    "vit_b": "samvit_base_patch16.sa1b",
    "vit_l": "samvit_large_patch16.sa1b",
    "vit_h": "samvit_huge_patch16.sa1b",
}
# Of a name with variants, the default comes first, as it does in thingsvision.
VARIANTS: dict[str, dict[str, str]] = {
    "clip": CLIP,
    "segment-anything": dict(reversed(SAM.items())),
    "SegmentAnything": dict(reversed(SAM.items())),
}
_ELSEWHERE = "its network is code of its authors, which is in neither timm nor torchvision"
CUSTOM: dict[str, Alias] = {
    "Alexnet_ecoset": _file("torchvision/alexnet", ECOSET_CLASSES, "torchvision/alexnet"),
    "Resnet50_ecoset": _file("torchvision/resnet50", ECOSET_CLASSES, "torchvision/resnet50"),
    "VGG16_ecoset": _file("torchvision/vgg16", ECOSET_CLASSES, "torchvision/vgg16"),
    "VGG16bn_ecoset": _file("torchvision/vgg16_bn", ECOSET_CLASSES, "torchvision/vgg16_bn"),
    "Inception_ecoset": _file("torchvision/inception_v3", ECOSET_CLASSES, "torchvision/inception_v3"),
    "OpenCLIP": _nothing(
        "its variants are named otherwise here", "timm/vit_base_patch32_clip_224.laion2b; search 'clip'"
    ),
    "cornet-s": _nothing(_ELSEWHERE, "torchvision/resnet18"),
    "cornet-r": _nothing(_ELSEWHERE, "torchvision/resnet18"),
    "cornet-rt": _nothing(_ELSEWHERE, "torchvision/resnet18"),
    "cornet-z": _nothing(_ELSEWHERE, "torchvision/alexnet"),
    "DreamSim": _nothing(_ELSEWHERE, "timm/vit_base_patch16_224.dino"),
    "Harmonization": _nothing(_ELSEWHERE, "timm/vit_base_patch16_224.augreg_in21k_ft_in1k"),
    "Kakaobrain_Align": _nothing(_ELSEWHERE, "timm/tf_efficientnet_b7.ns_jft_in1k"),
}
DECLARED: dict[str, Setting] = {
    "variant": Text("which of the networks of this name"),
    "dataset": Text("what it was trained on"),
    **NETWORK,
}


class ThingsvisionSource:
    """Names that thingsvision gives to networks of other libraries.

    Args:
        source: ``"ssl"`` or ``"custom"``.
        aliases: What the names mean.
        variants: Names with variants, and what each means.
    """

    imports_code = False

    def __init__(
        self, source: str, aliases: Mapping[str, Alias], variants: Mapping[str, Mapping[str, str]]
    ) -> None:
        self.source = source
        self.aliases = aliases
        self.variants = variants

    def names(self) -> tuple[str, ...]:
        """None are listed: they are other names for models that timm and torchvision list."""
        return ()

    def load(self, name: str, parameters: Mapping[str, Any]) -> TorchModel:
        """Build a model.

        Args:
            name: As thingsvision names it.
            parameters: As for timm, and ``variant`` where a name has several.

        Raises:
            UnknownNameError: No such name, variant or parameter.
            UnavailableError: It cannot be built here, or not without a file of weights.
            InputError: As for timm.
        """
        return self._made(name, parameters, skeleton=False)

    def skeleton(self, name: str, parameters: Mapping[str, Any]) -> TorchModel:
        """The model without weights: it has a card, layers and shapes, and responds to nothing.

        Args:
            name: As in :meth:`load`.
            parameters: As in :meth:`load`.
        """
        return self._made(name, parameters, skeleton=True)

    def _made(self, name: str, parameters: Mapping[str, Any], *, skeleton: bool) -> TorchModel:
        full = f"{self.source}/{name}"
        settings = settled(full, DECLARED, parameters)
        alias = self._alias(name, settings)
        given = settings["weights"] is not None or not settings["pretrained"] or skeleton
        if not alias.architecture or not (alias.published or given):
            way = "give its weights=PATH, or take" if alias.architecture else "the nearest model here is"
            raise UnavailableError(
                f"{full} is unavailable because {alias.reason}",
                hint=f"{way[0].upper()}{way[1:]} {alias.nearest}.",
            )
        require()
        from repalign.models.torch_build import assembled

        if settings["num_classes"] is not None:
            alias = replace(alias, num_classes=settings["num_classes"])
        plan = architecture_blueprint(alias.architecture, alias.num_classes)
        plan = replace(plan, published=None, fetch=plan.fetch if alias.published else None)
        return assembled(full, plan, DECLARED, settings, skeleton=skeleton)

    def _alias(self, name: str, settings: dict[str, Any]) -> Alias:
        if name in self.variants:
            known = self.variants[name]
            settings["variant"] = settings["variant"] or next(iter(known))
            if settings["variant"] not in known:
                raise UnknownNameError.among(f"variant of {self.source}/{name}", settings["variant"], known)
            return _timm(known[settings["variant"]])
        if name not in self.aliases:
            every = [f"{self.source}/{n}" for n in (*self.aliases, *self.variants)]
            raise UnknownNameError.among("model", f"{self.source}/{name}", every)
        return self.aliases[name]
