from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from lt4rec_core.config import Model
from lt4rec_core.data.batch import Batch
from lt4rec_core.data.layout import Layout
from lt4rec_core.model.embeddings import SparseArch, draw_embeddings

LAYOUT = Layout(fields=("a", "b"), tables=(("t", 7),), lookups=(0, 0))
BAGS = st.lists(st.lists(st.integers(0, 6), max_size=4), min_size=2, max_size=8).filter(
    lambda bags: len(bags) % 2 == 0
)


@given(BAGS)
def test_a_row_has_the_gradient_of_the_mean_of_its_bags(bags: list[list[int]]) -> None:
    arch = SparseArch(LAYOUT, Model(embedding_dim=3), torch.Generator().manual_seed(0))
    ids = torch.tensor([row for bag in bags for row in bag], dtype=torch.int64)
    lengths = torch.tensor([len(bag) for bag in bags])
    starts = lengths.cumsum(0) - lengths
    slopes = torch.randn(len(bags), 3, generator=torch.Generator().manual_seed(1))
    arch(Batch(ids, starts, {}, len(bags) // 2)).backward(slopes.view(-1, 2, 3))
    same = arch.weight.detach().clone().requires_grad_()
    F.embedding_bag(ids, same, starts, mode="mean").backward(slopes)
    assert arch.weight.grad is not None
    torch.testing.assert_close(arch.weight.grad.to_dense(), same.grad)


def test_the_gradient_has_each_row_of_the_batch_once() -> None:
    arch = SparseArch(LAYOUT, Model(embedding_dim=3), torch.Generator().manual_seed(0))
    batch = Batch(torch.tensor([5, 2, 2, 5]), torch.tensor([0, 1, 2, 3]), {}, 2)
    arch(batch).sum().backward()
    assert arch.weight.grad is not None
    assert arch.weight.grad._indices().tolist() == [[2, 5]]


def test_a_scale_shrinks_what_is_drawn_and_changes_nothing_else() -> None:
    whole, small = (
        draw_embeddings(LAYOUT, Model(embedding_dim=3, embedding_scale=scale), source)
        for scale, source in ((1.0, torch.Generator()), (0.25, torch.Generator()))
    )
    assert float(whole.abs().max()) <= (6 / (7 + 3)) ** 0.5
    torch.testing.assert_close(small, whole / 4)
