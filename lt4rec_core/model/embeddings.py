"""SparseArch: one embedding vector per field, whatever the number of its values.

Shapes: B impressions, F fields, D embedding size, R rows of all tables stacked.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from lt4rec_core.data.batch import Batch
from lt4rec_core.data.layout import Layout


class SparseArch(nn.Module):
    """All embedding tables stacked in one matrix [R, D]; several values are mean-pooled.

    One matrix makes one lookup and one row-sparse gradient for all fields.
    """

    def __init__(self, layout: Layout, embedding_dim: int, generator: torch.Generator) -> None:
        super().__init__()
        self.layout = layout
        self.weight = nn.Parameter(draw_embeddings(layout, embedding_dim, generator))

    def forward(self, batch: Batch) -> torch.Tensor:
        """Returns x_BFD."""
        x_GD = F.embedding_bag(batch.ids, self.weight, batch.bags, mode="mean", sparse=True)
        return x_GD.view(batch.size, len(self.layout.fields), -1)


def draw_embeddings(layout: Layout, embedding_dim: int, generator: torch.Generator) -> torch.Tensor:
    """Returns fresh embeddings [R, D], Xavier uniform within each table (paper, section 3.1)."""
    tables = []
    for _, rows in layout.tables:
        bound = (6.0 / (rows + embedding_dim)) ** 0.5
        table = torch.empty(rows, embedding_dim)
        tables.append(table.uniform_(-bound, bound, generator=generator))
    return torch.cat(tables)
