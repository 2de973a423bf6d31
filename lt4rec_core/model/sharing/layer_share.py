"""Layer_Share: shared embeddings, and a tower of its own for each task (paper, Fig. 1b).

Every tower is as large as the base network's over layers, so the embeddings aside it has
as many weights as a network for each task.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from lt4rec_core.config import Model
from lt4rec_core.data.batch import Batch
from lt4rec_core.data.layout import Layout
from lt4rec_core.model.embeddings import SparseArch
from lt4rec_core.model.interaction import interact, interaction_size
from lt4rec_core.model.network import Masks, Network
from lt4rec_core.model.per_task import PerTask
from lt4rec_core.model.sharing.sharing import Sharing
from lt4rec_core.model.towers import Tower, xavier_linear


class LayerShare(Network):
    """Embeddings and crossing for all tasks; over layers and an output layer for each."""

    def __init__(
        self, layout: Layout, model: Model, tasks: Sequence[str], generator: torch.Generator
    ) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        self.crossing = model.crossing
        self.embeddings = SparseArch(layout, model, generator)
        inputs = interaction_size(len(layout.fields), model.embedding_dim, model.crossing)
        sizes = [inputs, *model.hidden]
        self.over = PerTask({task: Tower(sizes, generator, model.dropout) for task in tasks})
        self.output = PerTask({task: xavier_linear(sizes[-1], 1, generator) for task in tasks})

    def forward(
        self,
        batch: Batch,
        tasks: Sequence[str],
        masks: Masks,  # noqa: ARG002 (this method has none)
    ) -> dict[str, torch.Tensor]:
        """Returns the logits [B] of each task."""
        inputs_BI = interact(self.embeddings(batch), self.crossing)
        return {task: self.output[task](self.over[task](inputs_BI)).squeeze(1) for task in tasks}

    def layers(self, task: str) -> dict[str, torch.Tensor]:
        """Returns the task's tower."""
        return self.weights_below(f"over.{task}.", f"output.{task}.")


LAYER_SHARE = Sharing(build=LayerShare)
