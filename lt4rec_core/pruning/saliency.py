"""What makes a connection worth keeping: the number that a cut ranks connections by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch


class Saliency(Protocol):
    """Returns a number for every weight, far from zero where the connection matters.

    `trained` and `start` are the weights after a round and before it, by name; a pure function.
    """

    def __call__(
        self, trained: Mapping[str, torch.Tensor], start: Mapping[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """Has the names and shapes of `trained`."""
        ...


def magnitude(
    trained: Mapping[str, torch.Tensor],
    start: Mapping[str, torch.Tensor],  # noqa: ARG001 (all saliencies are called alike)
) -> dict[str, torch.Tensor]:
    """Returns the weights as they are: the smallest |w| is cut first (paper, Algorithm 1)."""
    return {name: weight.detach() for name, weight in trained.items()}


def movement(
    trained: Mapping[str, torch.Tensor], start: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Returns how far the round moved each weight: what the task had no use for is cut first.

    After one epoch from a common start, magnitudes mostly repeat those of the start, which
    all tasks share; their masks then overlap however much the tasks conflict. Movement holds
    what this task's samples did. (Zhou et al., "Deconstructing Lottery Tickets", 2019,
    section 3, call it so.)
    """
    return {name: weight.detach() - start[name] for name, weight in trained.items()}


SALIENCIES: dict[str, Saliency] = {
    "magnitude": magnitude,
    "movement": movement,
}
"""All known saliencies: `prune.saliency`."""
