"""MMoE: experts for all tasks, weighed by a gate for each.

Ma et al., "Modeling Task Relationships in Multi-task Learning with Multi-gate
Mixture-of-Experts" (KDD 2018), Eq. 6 and 7: f_k(x) = sum_i softmax(W_k x)_i * expert_i(x),
then a tower per task. The experts are together as wide as the base network's layers, see
`lt4rec_core.config.Model`. With one expert and no tower layers it is Full_Share.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from lt4rec_core.config import Model
from lt4rec_core.data.batch import Batch
from lt4rec_core.data.layout import Layout
from lt4rec_core.model.embeddings import SparseArch
from lt4rec_core.model.experts import Experts, expert_sizes, mix, tower_sizes
from lt4rec_core.model.interaction import interact, interaction_size
from lt4rec_core.model.network import Masks, Network
from lt4rec_core.model.per_task import PerTask
from lt4rec_core.model.sharing.sharing import Sharing
from lt4rec_core.model.towers import Tower, xavier_linear


class MMoE(Network):
    """`model.experts` experts; a gate, a tower and an output layer for each task."""

    def __init__(
        self, layout: Layout, model: Model, tasks: Sequence[str], generator: torch.Generator
    ) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        self.crossing = model.crossing
        self.embeddings = SparseArch(layout, model, generator)
        inputs = interaction_size(len(layout.fields), model.embedding_dim, model.crossing)
        widths = expert_sizes(model, model.experts)
        sizes = [widths[-1], *tower_sizes(model)]
        self.experts = Experts(
            Tower([inputs, *widths], generator, model.dropout) for _ in range(model.experts)
        )
        self.gates = PerTask(
            {task: xavier_linear(inputs, model.experts, generator, bias=False) for task in tasks}
        )
        self.towers = PerTask({task: Tower(sizes, generator, model.dropout) for task in tasks})
        self.output = PerTask({task: xavier_linear(sizes[-1], 1, generator) for task in tasks})
        self._mixing = model.experts * widths[-1]

    def forward(
        self,
        batch: Batch,
        tasks: Sequence[str],
        masks: Masks,  # noqa: ARG002 (this method has none)
    ) -> dict[str, torch.Tensor]:
        """Returns the logits [B] of each task."""
        inputs_BI = interact(self.embeddings(batch), self.crossing)
        outputs = self.experts(inputs_BI)
        logits = {}
        for task in tasks:
            mixed_BH = mix(self.gates[task](inputs_BI), outputs)
            logits[task] = self.output[task](self.towers[task](mixed_BH)).squeeze(1)
        return logits

    def layers(self, task: str) -> dict[str, torch.Tensor]:
        """Returns all experts, and the task's gate and tower."""
        own = (f"{part}.{task}." for part in ("gates", "towers", "output"))
        return self.weights_below("experts.", *own)

    def mixing(self, tasks: Sequence[str]) -> int:
        """Returns the multiply-adds of weighing the experts' outputs."""
        return self._mixing * len(tasks)


MMOE = Sharing(build=MMoE)
