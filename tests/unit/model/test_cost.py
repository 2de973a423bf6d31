from __future__ import annotations

import torch

from lt4rec_core.config import Model
from lt4rec_core.data.layout import Layout
from lt4rec_core.model.cost import kept_multiply_adds, multiply_adds
from lt4rec_core.model.sharing.registry import build
from lt4rec_core.pruning.mask import Mask, dense

NAMES = ("ctr", "cvr", "like")
MODEL = Model(embedding_dim=4, hidden=(8, 6), output="owned")


def test_what_masks_keep_is_counted_for_each_task(layout: Layout) -> None:
    net = build("connection_share", layout, MODEL, NAMES, torch.Generator().manual_seed(0))
    masks = {task: dense(net.prunable(task)).tensors for task in NAMES}
    nothing = Mask({name: torch.zeros_like(kept) for name, kept in masks["cvr"].items()}).tensors
    whole = kept_multiply_adds(net, layout, masks)
    crossing = 3 * 3 * 4
    shared = (9 + 12) * 8 + 8 * 6
    assert multiply_adds(net, layout) == crossing + shared + 3 * 6
    assert whole == crossing + 3 * (shared + 6)
    assert kept_multiply_adds(net, layout, {**masks, "cvr": nothing}) == whole - shared - 6
