"""OverArch: fully connected layers whose weights may be seen through a mask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

Kept = Mapping[str, torch.Tensor]


def xavier_linear(
    inputs: int, outputs: int, generator: torch.Generator, bias: bool = True
) -> nn.Linear:
    """Returns a layer with Xavier uniform weights [outputs, inputs] and zero biases, if any."""
    layer = nn.Linear(inputs, outputs, bias=bias)
    nn.init.xavier_uniform_(layer.weight, generator=generator)
    if bias:
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


def over(
    x_BI: torch.Tensor, layers: Iterable[nn.Module], kept: Kept | None, dropout: float = 0.0
) -> torch.Tensor:
    """Returns the last hidden layer's output [B, H], ReLU and then dropout after every layer."""
    for position, layer in enumerate(layers):
        if not isinstance(layer, nn.Linear):
            raise TypeError(f"an over layer must be linear, got {type(layer).__name__}")
        x_BI = F.relu(masked_linear(x_BI, layer, f"over.{position}", kept))
        x_BI = F.dropout(x_BI, dropout) if dropout else x_BI
    return x_BI


class Tower(nn.ModuleList):
    """Fully connected layers one after the other, `sizes[0]` inputs first, without masks."""

    def __init__(
        self, sizes: Sequence[int], generator: torch.Generator, dropout: float = 0.0
    ) -> None:
        super().__init__(
            xavier_linear(before, after, generator) for before, after in pairwise(sizes)
        )
        self._dropout = dropout

    def forward(self, x_BI: torch.Tensor) -> torch.Tensor:
        """Returns the last layer's output [B, H], ReLU after every layer."""
        return over(x_BI, self, None, self._dropout if self.training else 0.0)
