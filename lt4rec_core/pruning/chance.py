"""Masks drawn at random: the control that shows whether found masks matter."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from lt4rec_core.pruning.mask import Mask, check_cut, without


def prune(
    weights: Mapping[str, torch.Tensor], mask: Mask, keep: int, source: torch.Generator
) -> Mask:
    """Returns `keep` of the connections kept in `mask`, each set of them equally likely.

    The weights' values play no part; they are checked as every cut checks them.

    Raises:
        ArtifactError, TrainingError, ValueError: as `lt4rec_core.pruning.mask.check_cut`.
    """
    check_cut(weights, mask, keep)
    kept = torch.cat([tensor.flatten() for tensor in mask.tensors.values()])
    survivors = kept.nonzero().squeeze(1)
    order = torch.randperm(mask.kept, generator=source).to(survivors.device)
    return without(mask, survivors[order[: mask.kept - keep]])
