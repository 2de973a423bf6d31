"""What the network eats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch


@dataclass(frozen=True)
class Batch:
    """B impressions with F fields each.

    Attributes:
        ids: int64 [L], rows of the stacked embedding matrix, impression by impression
            and field by field; a multi-valued field has as many as it has values.
        bags: int64 [B * F], where each field's ids begin in `ids`.
        labels: float32 [B] for each label; NaN where the label isn't known.
        size: B.
        draw: seed of the random numbers that a network may use on this batch; None, as
            for predictions, asks for none.
    """

    ids: torch.Tensor
    bags: torch.Tensor
    labels: Mapping[str, torch.Tensor]
    size: int
    draw: int | None = None

    def to(self, device: str) -> Batch:
        """Returns the batch on `device`."""
        labels = {name: values.to(device) for name, values in self.labels.items()}
        return replace(self, ids=self.ids.to(device), bags=self.bags.to(device), labels=labels)
