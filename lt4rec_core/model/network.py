"""What every sharing method has to offer to the training loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import nn

from lt4rec_core.data.batch import Batch

Masks = Mapping[str, Mapping[str, torch.Tensor]]


class Network(nn.Module, ABC):
    """A network that predicts several tasks, each under a mask of its own or none."""

    @abstractmethod
    def forward(self, batch: Batch, tasks: Sequence[str], masks: Masks) -> dict[str, torch.Tensor]:
        """Returns the logits [B] of each of `tasks`.

        `masks[task]` says by weight name which connections the task owns (bool, the
        weight's shape); a task without an entry uses all of them.
        """

    @abstractmethod
    def prunable(self, task: str) -> dict[str, torch.Tensor]:
        """Returns the weights, by name, that the task's mask ranges over."""
