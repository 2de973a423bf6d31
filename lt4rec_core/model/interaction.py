"""InteractionArch: every field meets every field (paper, section 2.1).

Shapes: B impressions, F fields, D embedding size, C crossings.
"""

from __future__ import annotations

from typing import Any

import torch


def interact(x_BFD: torch.Tensor, crossing: str) -> torch.Tensor:
    """Returns all dot products of field embeddings, then the embeddings: [B, C + F * D].

    With `crossing = "full"`, C = F * F, the whole product matrix row by row, as the
    paper's 1680 = 20 * 20 + 20 * 64 inputs show; with "half", C = F * (F + 1) / 2, its
    lower triangle with the diagonal, which says the same without saying it twice.
    """
    products_BFF: torch.Tensor = _Products.apply(x_BFD)  # type: ignore[no-untyped-call]
    if crossing == "half":
        rows, columns = torch.tril_indices(
            x_BFD.shape[1], x_BFD.shape[1], device=x_BFD.device
        ).unbind()
        products_BC = products_BFF[:, rows, columns]
    else:
        products_BC = products_BFF.flatten(1)
    return torch.cat([products_BC, x_BFD.flatten(1)], dim=1)


class _Products(torch.autograd.Function):
    """x x^T of each impression; its gradient (G + G^T) x takes one product where two are usual."""

    @staticmethod
    def forward(ctx: Any, x_BFD: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x_BFD)
        return torch.bmm(x_BFD, x_BFD.transpose(1, 2))

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        (x_BFD,) = ctx.saved_tensors
        both_BFF = gradients[0] + gradients[0].transpose(1, 2)
        return torch.bmm(both_BFF, x_BFD.to(both_BFF.dtype)).to(x_BFD.dtype)


def interaction_size(fields: int, embedding_dim: int, crossing: str) -> int:
    """Returns C + F * D, the number of inputs of the first over layer."""
    crossings = fields * (fields + 1) // 2 if crossing == "half" else fields * fields
    return crossings + fields * embedding_dim
