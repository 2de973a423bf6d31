"""OverArch: fully connected layers whose weights may be seen through a mask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import nn
from torch.nn import functional as F

Kept = Mapping[str, torch.Tensor]


def xavier_linear(inputs: int, outputs: int, generator: torch.Generator) -> nn.Linear:
    """Returns a layer with Xavier uniform weights [outputs, inputs] and zero biases."""
    layer = nn.Linear(inputs, outputs)
    nn.init.xavier_uniform_(layer.weight, generator=generator)
    nn.init.zeros_(layer.bias)
    return layer


def masked_linear(
    x_BI: torch.Tensor, layer: nn.Linear, name: str, kept: Kept | None
) -> torch.Tensor:
    """Returns [B, O] of `layer` seen through `kept[f"{name}.weight"]`; none means all ones.

    The product is part of the graph, so the gradient outside the mask is exactly zero.
    """
    ones = kept.get(f"{name}.weight") if kept is not None else None
    weight = layer.weight if ones is None else layer.weight * ones
    return F.linear(x_BI, weight, layer.bias)


def over(x_BI: torch.Tensor, layers: Iterable[nn.Module], kept: Kept | None) -> torch.Tensor:
    """Returns the last hidden layer's output [B, H], ReLU after every layer."""
    for position, layer in enumerate(layers):
        if not isinstance(layer, nn.Linear):
            raise TypeError(f"an over layer must be linear, got {type(layer).__name__}")
        x_BI = F.relu(masked_linear(x_BI, layer, f"over.{position}", kept))
    return x_BI
