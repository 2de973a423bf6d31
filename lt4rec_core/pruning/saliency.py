"""What makes a connection worth keeping: the number that a cut ranks connections by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import torch

Tensors = Mapping[str, torch.Tensor]


class Saliency(Protocol):
    """Returns a number for every weight, far from zero where the connection matters.

    `trained` and `start` are the weights after a round and before it, `squares` the running
    mean of their squared gradients (the diagonal of the empirical Fisher information), all
    by name and of the same shapes; a pure function.
    """

    def __call__(
        self, *, trained: Tensors, start: Tensors, squares: Tensors
    ) -> dict[str, torch.Tensor]:
        """Has the names and shapes of `trained`."""
        ...


def magnitude(*, trained: Tensors, start: Tensors, squares: Tensors) -> dict[str, torch.Tensor]:  # noqa: ARG001 (all saliencies are called alike)
    """Returns w: the smallest |w| is cut first (paper, Algorithm 1)."""
    return {name: weight.detach() for name, weight in trained.items()}


def movement(*, trained: Tensors, start: Tensors, squares: Tensors) -> dict[str, torch.Tensor]:  # noqa: ARG001
    """Returns w - w_start: what the round moved least is cut first.

    After one epoch from a common start, magnitudes mostly repeat those of the start, which
    all tasks share; their masks then overlap however much the tasks conflict. Movement holds
    what this task's samples did. (A mask criterion of Zhou et al., "Deconstructing Lottery
    Tickets", 2019, section 3.)
    """
    return {name: weight.detach() - start[name] for name, weight in trained.items()}


def fisher(*, trained: Tensors, start: Tensors, squares: Tensors) -> dict[str, torch.Tensor]:  # noqa: ARG001
    """Returns w · sqrt(F), whose square is twice the loss that cutting w adds, to second order.

    (LeCun et al., "Optimal Brain Damage", 1990, Eq. 5, with the Fisher information for the
    Hessian as in Theis et al., "Faster gaze prediction with dense networks and Fisher
    pruning", 2018.) Connections from inputs that say little have small gradients, and go
    first, however large their weights were drawn.
    """
    return {name: weight.detach() * squares[name].sqrt() for name, weight in trained.items()}


def fisher_movement(
    *, trained: Tensors, start: Tensors, squares: Tensors
) -> dict[str, torch.Tensor]:
    """Returns (w - w_start) · sqrt(F): what rewinding w alone would cost, as in `fisher`."""
    moved = movement(trained=trained, start=start, squares=squares)
    return fisher(trained=moved, start=start, squares=squares)


SALIENCIES: dict[str, Saliency] = {
    "magnitude": magnitude,
    "movement": movement,
    "fisher": fisher,
    "fisher_movement": fisher_movement,
}
"""All known saliencies: `prune.saliency`."""
