"""Experts, and gates that weigh them (MMoE and PLE).

Shapes: B impressions, I inputs, E experts, H outputs of an expert.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from lt4rec_core.config import Model
from lt4rec_core.errors import ConfigError


class Experts(nn.ModuleList):
    """Networks of the same shape that read the same input."""

    def __init__(self, experts: Iterable[nn.Module]) -> None:
        super().__init__(experts)

    def forward(self, x_BI: torch.Tensor) -> list[torch.Tensor]:
        """Returns each expert's output [B, H]."""
        return [expert(x_BI) for expert in self]


def mix(logits_BE: torch.Tensor, outputs: list[torch.Tensor]) -> torch.Tensor:
    """Returns the experts' outputs [B, H], weighed by the softmax of a gate's logits."""
    return torch.einsum("be,beh->bh", logits_BE.softmax(1), torch.stack(outputs, 1))


def expert_sizes(model: Model, experts: int) -> tuple[int, ...]:
    """Returns the widths of the layers of one of `experts` experts.

    Raises:
        ConfigError: an expert would have no layer, or there is no expert.
    """
    layers = model.hidden[: len(model.hidden) - model.tower_layers]
    if model.tower_layers > len(model.hidden) or not (model.expert_hidden or layers):
        raise ConfigError(
            f"[model] tower_layers = {model.tower_layers} of hidden = {list(model.hidden)} leaves "
            "no layer for experts; lower tower_layers or give hidden another layer"
        )
    if experts < 1:
        raise ConfigError(
            f"[model] experts = {model.experts}: {model.sharing} needs at least one expert"
        )
    return model.expert_hidden or tuple(max(1, width // experts) for width in layers)


def tower_sizes(model: Model) -> tuple[int, ...]:
    """Returns the widths of the layers that each task has of its own above the experts."""
    return model.hidden[len(model.hidden) - model.tower_layers :]
