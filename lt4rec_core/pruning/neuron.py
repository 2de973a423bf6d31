"""Pruning of whole neurons, ranked over all layers together."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import torch

from lt4rec_core.pruning.mask import Mask, check_cut


def prune(
    weights: Mapping[str, torch.Tensor],
    mask: Mask,
    keep: int,
    source: torch.Generator | None = None,  # noqa: ARG001 (all cuts are called alike)
) -> Mask:
    """Returns `mask` without its weakest neurons, so that at most `keep` connections remain.

    A neuron is a row of a hidden layer's weight [outputs, inputs] together with the column
    of the next layer that reads it; layers follow each other as in `mask.tensors`, and the
    rows of the last one are the network's output, which isn't cut. Neurons go one by one,
    weakest first, until no more than `keep` connections are left: as many as are asked
    for, less than one neuron's. A layer's last neuron stays, or nothing would get through.

    A neuron's strength is the root mean square of its kept incoming weights, over the mean
    of this in its layer: without the latter, layers with many inputs, whose weights are
    drawn smaller, would be cut first and altogether. Of equal neurons, the one that comes
    first is cut first.

    Raises:
        ArtifactError, TrainingError, ValueError: as `lt4rec_core.pruning.mask.check_cut`.
    """
    check_cut(weights, mask, keep)
    kept = {name: tensor.clone() for name, tensor in mask.tensors.items()}
    following = dict(pairwise(kept))
    hidden = [name for name in kept if _is_hidden(name)]
    left = {name: int(kept[name].any(dim=1).sum()) for name in hidden}
    remaining = mask.kept
    for name, row in _weakest_first(weights, mask, hidden):
        if remaining <= keep:
            break
        if left[name] == 1:
            continue
        left[name] -= 1
        remaining -= _cut(kept[name][row])
        if name in following:
            remaining -= _cut(kept[following[name]][:, row])
    return Mask(kept)


def _is_hidden(name: str) -> bool:
    return not name.startswith("output")


def _weakest_first(
    weights: Mapping[str, torch.Tensor], mask: Mask, hidden: list[str]
) -> list[tuple[str, int]]:
    """Returns (layer, row) of all neurons that have connections left."""
    places: list[tuple[str, int]] = []
    strengths = []
    for name in hidden:
        kept = mask.tensors[name]
        alive = kept.any(dim=1).nonzero().squeeze(1)
        squares = (weights[name].detach() * kept).square().sum(dim=1)[alive]
        strength = (squares / kept.sum(dim=1)[alive]).sqrt()
        strengths.append(strength / strength.mean().clamp_min(1e-30))
        places += [(name, int(row)) for row in alive]
    order = torch.sort(torch.cat(strengths), stable=True).indices
    return [places[int(place)] for place in order]


def _cut(view: torch.Tensor) -> int:
    """Cuts what is left in `view`; returns how much that was."""
    number = int(view.sum())
    view.fill_(False)
    return number
