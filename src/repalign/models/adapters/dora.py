"""DoRA: a frozen weight's rows get a trainable length and a low-rank turn (Liu et al. 2024, equation 5)."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from repalign.errors import InputError, UnknownNameError

EPSILON = 1e-8  # added to the length of a row
CHOICES = {"start": ("kaiming", "zero-b"), "base": ("unit", "weight"), "norm": ("attached", "detached")}


@dataclass(frozen=True)
class DoraSettings:
    """One variant of DoRA. The defaults are CLIP-HBA's; :data:`PAPER` is the paper's and peft's.

    Args:
        rank: r, the rank of the update.
        alpha: The update is multiplied by alpha / r.
        start: ``"kaiming"`` draws both factors, so that the start is not the frozen network (rows of a
            square weight turn by 9.5 degrees at alpha / r = 1/2); ``"zero-b"`` starts at the frozen network.
        base: What the update is added to: ``"unit"``, the rows at length one, or ``"weight"``, the rows.
        norm: Whether gradients flow through the length that rows are divided by (``"attached"``) or not.

    Raises:
        InputError: A rank below 1, or an alpha that is not a positive number.
        UnknownNameError: A misspelt choice.
    """

    rank: int = 32
    alpha: float = 16.0
    start: str = "kaiming"
    base: str = "unit"
    norm: str = "attached"

    def __post_init__(self) -> None:
        if self.rank < 1 or not (math.isfinite(self.alpha) and self.alpha > 0):
            raise InputError(
                f"DoRA needs a rank of at least 1 and a positive alpha; saw {self.rank} and {self.alpha}",
                hint="CLIP-HBA's are 32 and 16.",
            )
        for what, known in CHOICES.items():
            if getattr(self, what) not in known:
                raise UnknownNameError.among(f"{what} of DoRA", str(getattr(self, what)), known)
        object.__setattr__(self, "alpha", float(self.alpha))  # 16 and 16.0 are one variant

    def as_dict(self) -> dict[str, Any]:
        """All settings as plain values, for headers and digests."""
        return asdict(self)


PAPER = DoraSettings(start="zero-b", base="weight", norm="detached")


class Dora(nn.Module):
    """The parametrisation of one weight, for ``torch.nn.utils.parametrize``.

    With rows w_i of the frozen weight, D = w_i / |w_i| (or w_i itself, ``base="weight"``) and
    V = D + (alpha / r) (B A)', the weight is W = diag(m) V_i / (|V_i| + 1e-8). A weight of more than two
    axes is taken as (out, everything else). m starts as |w_i|; m, A and B are trained:
    out + r (out + in) numbers.

    Args:
        weight: The frozen weight, of shape (out, in) or (out, in, ...).
        settings: The variant.
        generator: On the CPU; the factors are drawn from it, Kaiming-uniform with a = sqrt 5.

    Example:
        >>> import torch
        >>> from repalign.models.adapters import Dora, DoraSettings
        >>> weight = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
        >>> dora = Dora(weight, DoraSettings(rank=2), torch.Generator().manual_seed(0))
        >>> sum(p.numel() for p in dora.parameters()) == 6 + 2 * (6 + 4)
        True
    """

    def __init__(self, weight: Tensor, settings: DoraSettings, generator: torch.Generator) -> None:
        super().__init__()
        self.settings = settings
        rows = weight.detach().flatten(1)
        out, inside = rows.shape
        self.magnitude = nn.Parameter(rows.norm(dim=1))
        self.A = nn.Parameter(_drawn((settings.rank, out), generator).to(rows))
        b = _drawn((inside, settings.rank), generator)
        self.B = nn.Parameter((b if settings.start == "kaiming" else torch.zeros_like(b)).to(rows))

    def forward(self, weight: Tensor) -> Tensor:
        """The weight in use.

        Args:
            weight: The frozen one.

        Returns:
            A tensor of the same shape; its rows have the lengths m.
        """
        rows = weight.flatten(1)
        if self.settings.base == "unit":
            # A row of zeros stays one: it has no direction.
            rows = rows / rows.norm(dim=1, keepdim=True).clamp_min(torch.finfo(rows.dtype).tiny)
        scale = self.settings.alpha / self.settings.rank
        turned = torch.addmm(rows, self.A.T, self.B.T, alpha=scale)
        norm = turned.norm(dim=1, keepdim=True)
        if self.settings.norm == "detached":
            norm = norm.detach()
        return (turned * (self.magnitude[:, None] / (norm + EPSILON))).view_as(weight)

    def extra_repr(self) -> str:
        """Shown by ``print(net)``."""
        return ", ".join(f"{name}={value}" for name, value in self.settings.as_dict().items())


def _drawn(shape: tuple[int, int], generator: torch.Generator) -> Tensor:
    return nn.init.kaiming_uniform_(
        torch.empty(shape, dtype=torch.float32, device="cpu"), a=math.sqrt(5), generator=generator
    )
