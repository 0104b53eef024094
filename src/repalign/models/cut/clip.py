"""CLIP-HBA through the exact cut of both towers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from repalign.models.clip_hba.model import ClipHba, scaled_cosines
from repalign.models.cut.disk import Progress, keep_on_disk
from repalign.models.cut.kept import Kept
from repalign.models.cut.shown import Shown
from repalign.models.cut.tower import TowerCut


class CutClipHba:
    """A CLIP-HBA of which only what training can change is run.

    It trains the model's own adapters: after any number of steps the model itself gives the same outputs.

    Args:
        model: The model, with its adapters.
        store: Where the prompts' half is kept (see :func:`repalign.models.cut.keep_on_disk`); None computes
            it here. It is held: a few hundred kilobytes.

    Raises:
        UnsuitableError: A weight before the first block of a tower is trained.
    """

    def __init__(self, model: ClipHba, store: Path | str | bool | None = None) -> None:
        self._model = model
        self.vision, self.text = TowerCut(model.net, "vision"), TowerCut(model.net, "text")
        if store is None:
            self._prompts = self.text.keep(model.tokens)
            return
        ids = [str(i) for i in range(len(model.tokens))]
        kept = keep_on_disk(self.text, Shown.of_array(ids, model.tokens.cpu().numpy()), store)
        self._prompts = {n: t.to(model.tokens.device) for n, t in kept.rows(range(len(kept))).items()}

    def keep(self, shown: Shown, store: Path | str | bool = True, progress: Progress | None = None) -> Kept:
        """The images' half on disk, computed where it is missing.

        Args:
            shown: The images; perturbed ones are shown anew, and have a digest of their own.
            store: A folder, or True for the activation store.
            progress: Called with the number of images done and of all.

        Raises:
            StorageError: The disk is full; what was finished is kept.
        """
        return keep_on_disk(self.vision, shown, store, progress=progress)

    def text_features(self) -> Tensor:
        """Features of the prompts, (n_prompts, dimensions), with gradients: once per step or evaluation."""
        here = self._model.tokens.device  # the model may have moved since
        return self.text.finish({name: each.to(here) for name, each in self._prompts.items()})

    def __call__(self, kept: Mapping[str, Tensor], prompts: Tensor | None = None) -> Tensor:
        """Outputs for images.

        Args:
            kept: Rows of :meth:`keep`, or what ``vision.keep(images)`` gives.
            prompts: From :meth:`text_features`; None computes them.

        Returns:
            Of shape (n, n_prompts), as the model gives them to float32 round-off, with gradients.
        """
        features = self.text_features() if prompts is None else prompts
        return scaled_cosines(self.vision.finish(kept), features, self._model.clip.logit_scale)

    def evaluate(self, kept: Kept, where: range | list[int] | None = None, batch_size: int = 64) -> Tensor:
        """Outputs for many images, batch after batch, without gradients.

        Args:
            kept: From :meth:`keep`.
            where: Positions; None is all.
            batch_size: Images at a time.

        Returns:
            Of shape (n, n_prompts).
        """
        wanted = list(range(len(kept)) if where is None else where)
        with torch.no_grad():
            prompts = self.text_features()
            parts = [
                self(kept.rows(wanted[i : i + batch_size]), prompts)
                for i in range(0, len(wanted), batch_size)
            ]
        return torch.cat(parts) if parts else prompts.new_zeros((0, len(prompts)))
