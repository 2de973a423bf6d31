"""Cuts layer by layer: every layer loses the same share, whatever its weights are."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from lt4rec_core.pruning.cut import Cut
from lt4rec_core.pruning.mask import Mask, check_cut


def per_layer(cut: Cut) -> Cut:
    """Returns `cut` applied to each layer by itself; all layers together keep exactly `keep`."""

    def prune(
        weights: Mapping[str, torch.Tensor], mask: Mask, keep: int, source: torch.Generator
    ) -> Mask:
        check_cut(weights, mask, keep)
        counts = shares({name: int(kept.sum()) for name, kept in mask.tensors.items()}, keep)
        tensors: dict[str, torch.Tensor] = {}
        for name, kept in mask.tensors.items():
            layer = Mask({name: kept})
            tensors |= cut({name: weights[name]}, layer, counts[name], source).tensors
        return Mask(tensors)

    return prune


def shares(kept: Mapping[str, int], keep: int) -> dict[str, int]:
    """Splits `keep` over the layers in proportion to what each has left: largest remainders.

    The result adds up to `keep` exactly, no layer gets more than it has, and none is further
    than one connection from its proportional share. Of equal remainders, the first layer's
    is served first.
    """
    total = sum(kept.values())
    floors = {name: keep * count // total if total else 0 for name, count in kept.items()}
    remainders = {name: keep * count % total if total else 0 for name, count in kept.items()}
    order = sorted(kept, key=lambda name: -remainders[name])
    more = set(order[: keep - sum(floors.values())])
    return {name: floor + (name in more) for name, floor in floors.items()}
