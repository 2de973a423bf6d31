"""What every way to make a mask sparser looks like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch

from lt4rec_core.pruning.mask import Mask


class Cut(Protocol):
    """Returns a mask within `mask` that keeps `keep` connections; a pure function.

    `weights` are what `prune.saliency` made of them.
    """

    def __call__(
        self, weights: Mapping[str, torch.Tensor], mask: Mask, keep: int, source: torch.Generator
    ) -> Mask:
        """Only a cut by chance draws from `source`."""
        ...
