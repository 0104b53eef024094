"""What decides a problem, as a study file says it."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from repalign.errors import RepalignError

_FROZEN = ConfigDict(extra="forbid", frozen=True)


class NetworkOptions(BaseModel):
    """What is trained, and how much of it.

    Args:
        model: ``source/name`` as :func:`repalign.model` takes it, e.g. ``checkpoint/cifar-resnet20`` or
            ``timm/vit_base_patch16_224``; ``architecture/NAME``, one of our own without weights; or a CLIP
            read out on prompts: ``open_clip/ViT-L-14``, ``transformers/openai/clip-vit-large-patch14``, or
            ``plain/ViT-L-14`` with random weights.
        parameters: Of the model. Where its weights lie on this machine is said under ``where``.
        train: ``adapters`` alone, in a network that stays in evaluation mode, or ``all`` weights.
        adapters: Modules that get DoRA, by name or pattern; of a CLIP the last blocks do.
        dora: Settings of :class:`repalign.models.adapters.DoraSettings`.
        readout: ``softmax`` turns outputs into shares.
        vision: Of a CLIP: blocks of the tower of images with an adapter.
        text: Of a CLIP: blocks of the tower of prompts with one.
        cut: Whether what no trained weight changes is computed once and kept in the activation store.
    """

    model_config = _FROZEN

    model: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    train: Literal["adapters", "all"] = "adapters"
    adapters: tuple[str, ...] = ()
    dora: dict[str, Any] = Field(default_factory=dict)
    readout: Literal["none", "softmax"] = "none"
    vision: int = Field(default=2, ge=0)
    text: int = Field(default=1, ge=0)
    cut: bool = True

    @model_validator(mode="after")
    def _trains_something(self) -> NetworkOptions:
        if self.train == "adapters" and not self.adapters and not self.is_clip:
            raise ValueError("adapters: name the modules that get one, or say train = 'all'")
        if self.train == "all" and self.adapters:
            raise ValueError("train = 'all' trains every weight and takes no adapters")
        if self.is_clip and (self.train == "all" or self.adapters):
            raise ValueError(
                "of a CLIP adapters on its last blocks are trained, as many as vision and text say"
            )
        return self

    @field_validator("dora")
    @classmethod
    def _is_dora(cls, given: dict[str, Any]) -> dict[str, Any]:
        from repalign.models.adapters import DoraSettings

        known = [each.name for each in fields(DoraSettings)]
        strange = [name for name in given if name not in known]
        if strange:
            raise ValueError(f"no setting of DoRA: {', '.join(strange)}; there are {', '.join(known)}")
        try:
            DoraSettings(**given)
        except (RepalignError, TypeError) as error:
            raise ValueError(str(error)) from error
        return given

    @property
    def is_clip(self) -> bool:
        """Whether it is a CLIP read out on prompts."""
        return self.model.partition("/")[0] in ("open_clip", "transformers", "plain")


class ProbeOptions(BaseModel):
    """What is scored after every epoch.

    Args:
        benchmark: ``dataset/target``; or a name of your own that ``where`` says more about, with
            ``stimuli``, ``target`` and ``region`` as :func:`repalign.benchmarks.own_benchmark` takes them.
        measures: Ids; empty for the benchmark's default.
        layers: Names of modules, ``output`` or ``penultimate``.
        tokens: Of layers of tokens: ``all``, ``cls`` or ``mean``.
        subset: A seeded random subset of this many stimuli.
        within: A column of the stimuli that holds categories: also scored centred within them.
        tested: Epochs of baselines at which an interval over stimuli and a permutation p are computed
            too; negative ones count from the last there may be.
        draws: Bootstrap draws at those.
        permutations: Permutations at those.
        splits: Splits of the annotators for the ceiling, where a target knows them; 0 for none.
        seed: Of the subset and of every random step.
    """

    model_config = _FROZEN

    benchmark: str
    measures: tuple[str, ...] = ()
    layers: tuple[str, ...] = ("output",)
    tokens: Literal["all", "cls", "mean"] = "all"
    subset: int | None = Field(default=None, ge=2)
    within: str | None = None
    tested: tuple[int, ...] = ()
    draws: int = Field(default=200, ge=0)
    permutations: int = Field(default=200, ge=0)
    splits: int = Field(default=20, ge=0)
    seed: int = Field(default=0, ge=0)


class ProblemOptions(BaseModel):
    """A network learns a target of a data set, or classes; other stimuli are probed.

    Args:
        maker: The function that makes the problem.
        network: What is trained.
        target: ``dataset/target``, numbers by stimulus, to be regressed upon.
        labels: Instead: ``dataset/column`` of the stimuli, classes to be told apart. With images of your
            own, ``where`` says under the name before the slash where the ``stimuli`` lie, and the column
            ``folder`` is the first folder of each image's path (``WNID/IMAGE.JPEG`` as in ImageNet's train).
        train: How many stimuli are trained upon; None for all that are left.
        validation: How many of the stimuli left by the probes, or which part of them, are for validation.
        split_seed: Of that split.
        dimensions: Whether R^2 of every dimension of the target is kept at every epoch of baselines.
        probes: What is scored after every epoch; their stimuli are never trained upon.
    """

    model_config = _FROZEN

    maker: str = "repalign.training.problems:learned_target"
    network: NetworkOptions
    target: str | None = None
    labels: str | None = None
    train: int | None = Field(default=None, ge=1)
    validation: int | float = 0.2
    split_seed: int = Field(default=0, ge=0)
    dimensions: bool = True
    probes: tuple[ProbeOptions, ...] = ()

    @model_validator(mode="after")
    def _learns_one_thing(self) -> ProblemOptions:
        if (self.target is None) == (self.labels is None):
            raise ValueError("name either a target (dataset/target) or labels (dataset/column)")
        seen = [
            (p.benchmark, layer, m) for p in self.probes for layer in p.layers for m in p.measures or ("",)
        ]
        if len(set(seen)) < len(seen):
            raise ValueError("two probes have one benchmark, layer and measure: their rows would be alike")
        if isinstance(self.validation, float) and not 0 < self.validation < 1:
            raise ValueError(
                f"validation = {self.validation}: a part lies between 0 and 1, a number is whole"
            )
        return self
