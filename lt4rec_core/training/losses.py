"""One loss per kind of label, on logits (paper, section 2.3)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional as F

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def log_loss(logits_B: torch.Tensor, labels_B: torch.Tensor) -> torch.Tensor:
    """Mean of -y log p - (1 - y) log(1 - p), with p = sigmoid(logit)."""
    return F.binary_cross_entropy_with_logits(logits_B, labels_B)


def squared_error(logits_B: torch.Tensor, labels_B: torch.Tensor) -> torch.Tensor:
    """Mean of (y - p)^2, with p = sigmoid(logit)."""
    return F.mse_loss(torch.sigmoid(logits_B), labels_B)


LOSSES: dict[str, Loss] = {
    "log_loss": log_loss,
    "squared_error": squared_error,
}
