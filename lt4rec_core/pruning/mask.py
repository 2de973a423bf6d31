"""A mask: which connections of the network a task owns. An immutable value."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch

from lt4rec_core.errors import ArtifactError, TrainingError


@dataclass(frozen=True)
class Mask:
    """True where a connection is kept, for every prunable weight by its name.

    The tensors are never written to: pruning makes a new mask.
    """

    tensors: Mapping[str, torch.Tensor]

    @cached_property
    def total(self) -> int:
        """Number of prunable connections."""
        return sum(kept.numel() for kept in self.tensors.values())

    @cached_property
    def kept(self) -> int:
        """Number of connections kept."""
        return sum(int(kept.sum()) for kept in self.tensors.values())

    @property
    def density(self) -> float:
        """Share of connections kept, in [0, 1]."""
        return self.kept / self.total if self.total else 1.0

    @property
    def layer_density(self) -> dict[str, float]:
        """Share of connections kept in each weight."""
        return {name: int(kept.sum()) / kept.numel() for name, kept in self.tensors.items()}

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) over names, shapes and bits."""
        state = hashlib.sha256()
        for name in sorted(self.tensors):
            kept = self.tensors[name]
            state.update(f"{name}{tuple(kept.shape)}".encode())
            state.update(kept.to("cpu", torch.uint8).contiguous().numpy().tobytes())
        return state.hexdigest()

    def is_within(self, other: Mask) -> bool:
        """Says whether every connection kept here is kept in `other` (nested masks)."""
        return self.tensors.keys() == other.tensors.keys() and all(
            bool((other.tensors[name] | ~kept).all()) for name, kept in self.tensors.items()
        )

    def to(self, device: str) -> Mask:
        """Returns the mask on `device`."""
        return Mask({name: kept.to(device) for name, kept in self.tensors.items()})


def dense(weights: Mapping[str, torch.Tensor]) -> Mask:
    """Returns the mask of all ones over `weights`: round 0 of pruning."""
    return Mask({name: torch.ones_like(w, dtype=torch.bool) for name, w in weights.items()})


def overlap(one: Mask, other: Mask) -> float:
    """Share of the connections owned by either task that both own (Jaccard), in [0, 1].

    Weights that only one of the masks knows (an owned output layer) are private.
    """
    both = either = 0
    for name in one.tensors.keys() | other.tensors.keys():
        if name in one.tensors and name in other.tensors:
            both += int((one.tensors[name] & other.tensors[name]).sum())
            either += int((one.tensors[name] | other.tensors[name]).sum())
        else:
            either += int((one.tensors.get(name, other.tensors.get(name))).sum())  # type: ignore[union-attr]
    return both / either if either else 1.0


def check_fits(mask: Mask, weights: Mapping[str, torch.Tensor]) -> None:
    """Raises ArtifactError unless `mask` has exactly the names and shapes of `weights`."""
    seen = {name: tuple(kept.shape) for name, kept in mask.tensors.items()}
    expected = {name: tuple(weight.shape) for name, weight in weights.items()}
    if seen != expected:
        wrong = sorted(
            name for name in seen.keys() | expected.keys() if seen.get(name) != expected.get(name)
        )
        raise ArtifactError(
            f"the mask doesn't fit the network at {wrong[0]!r}: the mask has "
            f"{seen.get(wrong[0])}, the network {expected.get(wrong[0])}; prune this network anew"
        )


def check_cut(weights: Mapping[str, torch.Tensor], mask: Mask, keep: int) -> None:
    """Checks what every cut is given.

    Raises:
        ArtifactError: mask and weights differ in names or shapes.
        TrainingError: a weight isn't finite.
        ValueError: `keep` is negative or larger than `mask.kept`.
    """
    check_fits(mask, weights)
    if not 0 <= keep <= mask.kept:
        raise ValueError(f"can't keep {keep} of {mask.kept} connections")
    for name, weight in weights.items():
        if not bool(torch.isfinite(weight).all()):
            raise TrainingError(f"{name} has weights that aren't finite; lower the learning rate")


def without(mask: Mask, places: torch.Tensor) -> Mask:
    """Returns `mask` without the connections at `places`.

    These count the elements of all tensors, laid one after the other as in memory.
    """
    kept = torch.cat([tensor.flatten() for tensor in mask.tensors.values()])
    kept[places] = False
    pieces = torch.split(kept, [tensor.numel() for tensor in mask.tensors.values()])
    return Mask(
        {
            name: piece.view(tensor.shape)
            for (name, tensor), piece in zip(mask.tensors.items(), pieces, strict=True)
        }
    )
