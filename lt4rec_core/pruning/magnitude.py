"""Global magnitude pruning as a pure function (paper, Algorithm 1, step 2b)."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from lt4rec_core.pruning.mask import Mask, check_cut, without


def prune(
    weights: Mapping[str, torch.Tensor],
    mask: Mask,
    keep: int,
    source: torch.Generator | None = None,  # noqa: ARG001 (all cuts are called alike)
) -> Mask:
    """Returns the mask that keeps the `keep` largest |w| among those kept in `mask`.

    All weights are ranked together. Exactly `keep` remain: among equal magnitudes the
    one that comes first, in the order of `mask.tensors` and of memory, is cut first.

    Raises:
        ArtifactError: mask and weights differ in names or shapes.
        TrainingError: a weight isn't finite.
        ValueError: `keep` is negative or larger than `mask.kept`.
    """
    check_cut(weights, mask, keep)
    kept = torch.cat([tensor.flatten() for tensor in mask.tensors.values()])
    magnitude = torch.cat([weights[name].detach().abs().flatten() for name in mask.tensors])
    survivors = kept.nonzero().squeeze(1)
    order = torch.sort(magnitude[survivors], stable=True).indices
    return without(mask, survivors[order[: mask.kept - keep]])


def kept_per_round(total: int, rounds: int, final_density: float, rate: float) -> tuple[int, ...]:
    """Returns how many of `total` connections each round leaves: [rounds + 1], dense first.

    Every round cuts the same share of what is left: `rate`, or, where that is zero, the
    share that arrives at `final_density` after the last round.
    """
    share = 1.0 - rate if rate > 0 else final_density ** (1.0 / rounds)
    return tuple(round(total * share**index) for index in range(rounds + 1))
