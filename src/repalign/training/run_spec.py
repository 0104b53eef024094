"""RunSpec: everything that decides a training run, as plain values with a digest."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from repalign.data import digest_spec
from repalign.training.perturbations import PERTURBATIONS, check_options

_FROZEN = ConfigDict(extra="forbid", frozen=True)


class Optimiser(BaseModel):
    """How weights move.

    Args:
        kind: ``adamw`` or ``sgd``.
        rate: Learning rate after the warm-up.
        weight_decay: Decoupled for AdamW, L2 for SGD.
        momentum: Of SGD.
        betas: Of AdamW.
        warm_up: Epochs over which the rate rises linearly from 0.
        schedule: After it: ``constant``, or ``cosine`` to 0 at the last epoch.
    """

    model_config = _FROZEN

    kind: Literal["adamw", "sgd"] = "adamw"
    rate: float = Field(default=3e-4, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    betas: tuple[float, float] = (0.9, 0.999)
    warm_up: int = Field(default=0, ge=0)
    schedule: Literal["constant", "cosine"] = "constant"


class Perturbation(BaseModel):
    """What is disturbed, and in which epochs.

    Args:
        kind: One of :data:`repalign.training.perturbations.PERTURBATIONS`.
        first: First epoch of the window, counted from 1.
        length: Epochs in the window.
        options: Of the kind.
    """

    model_config = _FROZEN

    kind: str
    first: int = Field(ge=1)
    length: int = Field(ge=1)
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_known(self) -> Perturbation:
        check_options(self.kind, self.options)
        return self

    @property
    def last(self) -> int:
        """The last epoch of the window."""
        return self.first + self.length - 1

    def covers(self, epoch: int) -> bool:
        """Whether an epoch lies in the window."""
        return self.first <= epoch <= self.last


class RunSpec(BaseModel):
    """A training run. Equal specs give equal weights, bit for bit, on the same device and torch.

    Args:
        problem: What is trained upon what, with content digests of data and starting weights; see
            :class:`repalign.training.Problem`.
        loss: ``cross-entropy`` (labels, or distributions over classes) or ``mse``.
        epochs: At most so many.
        batch_size: Stimuli per step, over all processes together.
        optimiser: How weights move.
        label_smoothing: Of the cross-entropy, 0 to 1.
        clip_norm: Largest norm of the gradient of all weights together; None for no clipping.
        precision: ``float32``; ``bfloat16`` or ``float16`` for mixed precision.
        patience: Stop when the validation loss has not improved for so many epochs; None, or ``"never"``
            in a file, never. The counter stands still inside a window.
        seed: Of the order of stimuli, dropout and starting weights.
        noise_seed: Of the perturbation, apart from the run's own.
        perturbation: None for a baseline.
        follow: Epochs after the window after which a perturbed run is over; None to the end.
    """

    model_config = _FROZEN

    problem: dict[str, Any]
    loss: Literal["cross-entropy", "mse"] = "mse"
    epochs: int = Field(default=500, ge=1)
    batch_size: int = Field(default=64, ge=1)
    optimiser: Optimiser = Optimiser()
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    clip_norm: float | None = Field(default=None, gt=0)
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    patience: int | None = Field(default=20, ge=1)
    seed: int = Field(default=0, ge=0)
    noise_seed: int = Field(default=0, ge=0)
    perturbation: Perturbation | None = None
    follow: int | None = Field(default=None, ge=0)

    @field_validator("patience", mode="before")
    @classmethod
    def _never(cls, given: Any) -> Any:
        return None if given == "never" else given  # TOML has no null

    @model_validator(mode="after")
    def _fits(self) -> RunSpec:
        if self.perturbation is not None and self.perturbation.last > self.epochs:
            raise ValueError(
                f"the window {self.perturbation.first} to {self.perturbation.last} ends after the last of "
                f"{self.epochs} epochs"
            )
        if self.label_smoothing and self.loss != "cross-entropy":
            raise ValueError("label smoothing belongs to the cross-entropy")
        if self.optimiser.warm_up > self.epochs:
            raise ValueError(f"a warm-up of {self.optimiser.warm_up} epochs in a run of {self.epochs}")
        return self

    @property
    def digest(self) -> str:
        """Digest of the whole spec: the name of the run's folder."""
        return digest_spec(self.model_dump(mode="json"))

    def path_to(self, epoch: int) -> str:
        """Digest of what decides the state at the end of an epoch: runs that share it share the state.

        A perturbation that begins later is no part of it, and neither is how long a window goes on that
        is still open.
        """
        content = self.model_dump(mode="json", exclude={"follow"})
        if self.perturbation is None or epoch < self.perturbation.first:
            content["perturbation"] = None
            content["noise_seed"] = None
        elif epoch <= self.perturbation.last and not PERTURBATIONS[self.perturbation.kind].skips:
            content["perturbation"]["length"] = None
        return digest_spec({"epoch": epoch, **content})

    @property
    def loss_measure(self) -> str:
        """Id of the loss as a measure."""
        return f"loss-{self.loss}"

    @property
    def baseline(self) -> RunSpec:
        """The run without its perturbation."""
        return self.model_copy(update={"perturbation": None, "noise_seed": 0, "follow": None})

    @property
    def last_epoch(self) -> int:
        """The last epoch there may be; early stopping may come before it."""
        if self.perturbation is None or self.follow is None:
            return self.epochs
        return min(self.epochs, self.perturbation.last + self.follow)
