"""SparseArch: one embedding vector per field, whatever the number of its values.

Shapes: B impressions, F fields, G = B * F bags of ids, L ids, D embedding size, R rows of
all tables stacked, U of them in a batch.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from lt4rec_core.config import Model
from lt4rec_core.data.batch import Batch
from lt4rec_core.data.layout import Layout


class SparseArch(nn.Module):
    """All embedding tables stacked in one matrix [R, D]; several values are mean-pooled.

    One matrix makes one lookup and one row-sparse gradient for all fields.
    """

    def __init__(self, layout: Layout, model: Model, generator: torch.Generator) -> None:
        super().__init__()
        self.layout = layout
        self.weight = nn.Parameter(draw_embeddings(layout, model, generator))

    def forward(self, batch: Batch) -> torch.Tensor:
        """Returns x_BFD."""
        x_GD: torch.Tensor = _MeanPool.apply(  # type: ignore[no-untyped-call]
            self.weight, batch.ids, batch.bags
        )
        return x_GD.view(batch.size, len(self.layout.fields), -1)


class _MeanPool(torch.autograd.Function):
    """The mean of each bag's rows, with a row-sparse gradient whose rows rise.

    The gradient of a row is the sum over the bags that hold it: once the ids are sorted,
    that is a pooling too. torch's own gradient has a vector for every id instead ([L, D]),
    and sorts and sums these when it is coalesced, which takes three times as long.
    """

    @staticmethod
    def forward(
        ctx: Any, weight_RD: torch.Tensor, ids_L: torch.Tensor, bags_G: torch.Tensor
    ) -> torch.Tensor:
        ctx.save_for_backward(ids_L, bags_G)
        ctx.shape = weight_RD.shape
        return F.embedding_bag(ids_L, weight_RD, bags_G, mode="mean")

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        ids_L, bags_G = ctx.saved_tensors
        length_G = torch.diff(bags_G, append=bags_G.new_tensor([len(ids_L)]))
        share_GD = gradients[0] / length_G.clamp(min=1).unsqueeze(1)
        bag_L = torch.arange(len(bags_G), device=bags_G.device).repeat_interleave(length_G)
        sorted_L, order_L = ids_L.sort(stable=True)
        rows_U, count_U = sorted_L.unique_consecutive(return_counts=True)
        start_U = count_U.cumsum(0) - count_U
        values_UD = F.embedding_bag(bag_L[order_L], share_GD, start_U, mode="sum")
        gradient_RD = torch.sparse_coo_tensor(
            rows_U.unsqueeze(0), values_UD, ctx.shape, is_coalesced=True, check_invariants=False
        )
        return gradient_RD, None, None


def draw_embeddings(layout: Layout, model: Model, generator: torch.Generator) -> torch.Tensor:
    """Returns fresh embeddings [R, D], Xavier uniform within each table (paper, section 3.1).

    `model.embedding_scale` times Xavier's range is drawn from.
    """
    tables = []
    for _, rows in layout.tables:
        bound = model.embedding_scale * (6.0 / (rows + model.embedding_dim)) ** 0.5
        table = torch.empty(rows, model.embedding_dim)
        tables.append(table.uniform_(-bound, bound, generator=generator))
    return torch.cat(tables)
