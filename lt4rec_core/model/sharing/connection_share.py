"""Connection_Share: one network, a mask per task (paper, section 2.2)."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from itertools import pairwise

import torch
from torch import nn

from lt4rec_core.config import Model
from lt4rec_core.data.batch import Batch
from lt4rec_core.data.layout import Layout
from lt4rec_core.model.embeddings import SparseArch
from lt4rec_core.model.interaction import interact, interaction_size
from lt4rec_core.model.network import Masks, Network
from lt4rec_core.model.per_task import PerTask
from lt4rec_core.model.sharing.sharing import Sharing
from lt4rec_core.model.towers import masked_linear, over, xavier_linear


class ConnectionShare(Network):
    """The base network: embeddings, crossing, over layers, and an output layer.

    The output layer is one for all tasks, or one for each (`model.output`): the paper
    doesn't say which. A task without a mask sees the whole network, so this is also
    the warm-up network, and with a single task the Single_Task baseline.
    """

    def __init__(
        self, layout: Layout, model: Model, tasks: Sequence[str], generator: torch.Generator
    ) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        self.crossing = model.crossing
        self._patterns = model.prunable
        self._dropout = model.dropout
        self.embeddings = SparseArch(layout, model, generator)
        inputs = interaction_size(len(layout.fields), model.embedding_dim, model.crossing)
        sizes = [inputs, *model.hidden]
        self.over = nn.ModuleList(
            xavier_linear(before, after, generator) for before, after in pairwise(sizes)
        )
        self.output: nn.Module
        if model.output == "owned":
            self.output = PerTask({task: xavier_linear(sizes[-1], 1, generator) for task in tasks})
        else:
            self.output = xavier_linear(sizes[-1], 1, generator)

    def forward(self, batch: Batch, tasks: Sequence[str], masks: Masks) -> dict[str, torch.Tensor]:
        """Returns the logits [B] of each task; tasks with the same mask share one pass."""
        inputs_BI = interact(self.embeddings(batch), self.crossing)
        dropout = self._dropout if self.training else 0.0
        hidden_BH: dict[int | None, torch.Tensor] = {}
        logits = {}
        for task in tasks:
            mask = masks.get(task)
            seen_through = None if mask is None else id(mask)
            if seen_through not in hidden_BH:
                hidden_BH[seen_through] = over(inputs_BI, self.over, mask, dropout)
            layer, name = self._output(task)
            logits[task] = masked_linear(hidden_BH[seen_through], layer, name, mask).squeeze(1)
        return logits

    def prunable(self, task: str) -> dict[str, torch.Tensor]:
        """Returns the task's layers that match `model.prunable`."""
        return {
            name: weight
            for name, weight in self.layers(task).items()
            if any(fnmatchcase(name, pattern) for pattern in self._patterns)
        }

    def layers(self, task: str) -> dict[str, torch.Tensor]:
        """Returns the over layers and the task's output layer."""
        _, own = self._output(task)
        return self.weights_below("over.", f"{own}.")

    def _output(self, task: str) -> tuple[nn.Linear, str]:
        if isinstance(self.output, PerTask):
            layer, name = self.output[task], f"output.{task}"
        else:
            layer, name = self.output, "output"
        assert isinstance(layer, nn.Linear)  # noqa: S101 (narrows nn.Module for the type checker)
        return layer, name


CONNECTION_SHARE = Sharing(build=ConnectionShare, cut="magnitude", warmup=True)
