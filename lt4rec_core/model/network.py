"""What every sharing method has to offer to the training loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import nn

from lt4rec_core.data.batch import Batch
from lt4rec_core.model.embeddings import SparseArch
from lt4rec_core.tasks import Task

Masks = Mapping[str, Mapping[str, torch.Tensor]]


class Network(nn.Module, ABC):
    """A network that predicts several tasks, each under a mask of its own or none.

    Attributes:
        tasks: the names of the tasks.
        embeddings: what every method shares.
        crossing: how the fields meet; see `lt4rec_core.model.interaction`.
    """

    tasks: tuple[str, ...]
    embeddings: SparseArch
    crossing: str

    @abstractmethod
    def forward(self, batch: Batch, tasks: Sequence[str], masks: Masks) -> dict[str, torch.Tensor]:
        """Returns the logits [B] of each of `tasks`.

        `masks[task]` says by weight name which connections the task owns (bool, the
        weight's shape); a task without an entry uses all of them.
        """

    @abstractmethod
    def layers(self, task: str) -> dict[str, torch.Tensor]:
        """Returns the weights [outputs, inputs], by name, that the task's prediction runs through.

        Embeddings and biases aren't among them.
        """

    def prunable(self, task: str) -> dict[str, torch.Tensor]:  # noqa: ARG002 (others need it)
        """Returns the weights, by name, that the task's mask ranges over; none by default."""
        return {}

    def mixing(self, tasks: Sequence[str]) -> int:  # noqa: ARG002 (others need it)
        """Returns the multiply-adds of one sample, for all of `tasks`, beside its layers'."""
        return 0

    def learned(self, tasks: Mapping[str, Task]) -> dict[str, Task]:
        """Returns what is trained so that `tasks` are predicted: these themselves by default.

        `forward` gives the logits of each of them by the name it has here.
        """
        return dict(tasks)

    def penalty(self, tasks: Sequence[str]) -> torch.Tensor:  # noqa: ARG002 (others need it)
        """Returns what is added to the loss of a batch of `tasks`: zero by default."""
        return torch.zeros(())

    def weights_below(self, *prefixes: str) -> dict[str, torch.Tensor]:
        """Returns the weights [outputs, inputs] whose names begin with one of `prefixes`."""
        return {
            name: weight
            for name, weight in self.named_parameters()
            if name.startswith(prefixes) and name.endswith(".weight")
        }
