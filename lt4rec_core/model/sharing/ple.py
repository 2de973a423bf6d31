"""PLE: experts of all tasks and experts of one, told apart level by level.

Tang et al., "Progressive Layered Extraction (PLE): A Novel Multi-Task Learning Model for
Personalized Recommendations" (RecSys 2020), sections 4.1 and 4.2. Each layer of an expert
is one extraction level; with a single one it is the paper's CGC. A task's gate weighs its
own and the shared experts; below the last level, a shared gate weighs all experts for the
next level's shared ones. The experts of a level are together as wide as the base network's
layer, see `lt4rec_core.config.Model`. Without shared experts and with one of its own for
each task, as wide as the base network's layers, it is Layer_Share.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import nn

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


class Level(nn.Module):
    """One extraction level: own experts and a gate for each task, and shared experts."""

    def __init__(
        self,
        sizes: tuple[int, int],
        model: Model,
        tasks: Sequence[str],
        last: bool,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        inputs, width = sizes
        own, shared, dropout = model.task_experts, model.experts, model.dropout
        self.own = PerTask(
            {task: Experts(Tower(sizes, generator, dropout) for _ in range(own)) for task in tasks}
        )
        self.shared = Experts(Tower(sizes, generator, dropout) for _ in range(shared))
        self.gates = PerTask(
            {task: xavier_linear(inputs, own + shared, generator, bias=False) for task in tasks}
        )
        # Without shared experts nothing reads what all tasks have in common.
        self.joins_tasks = shared > 0 and not last
        everything = own * len(tasks) + shared
        self.shared_gate = (
            xavier_linear(inputs, everything, generator, bias=False) if self.joins_tasks else None
        )
        self.mixing = (own + shared) * width
        self.mixing_shared = everything * width if self.joins_tasks else 0

    def forward(
        self, own_BI: Mapping[str, torch.Tensor], shared_BI: torch.Tensor
    ) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """Returns what the next level reads, [B, H]: by task, and for the shared experts.

        A level that joins tasks needs all of them; another one gives those it is given.
        """
        shared = self.shared(shared_BI)
        own = {task: self.own[task](x_BI) for task, x_BI in own_BI.items()}
        mixed = {
            task: mix(self.gates[task](x_BI), [*own[task], *shared])
            for task, x_BI in own_BI.items()
        }
        if self.shared_gate is None:
            return mixed, shared_BI
        every = [output for task in self.own for output in own[task]]
        return mixed, mix(self.shared_gate(shared_BI), [*every, *shared])


class PLE(Network):
    """`model.experts` shared and `model.task_experts` own experts a level, then towers."""

    def __init__(
        self, layout: Layout, model: Model, tasks: Sequence[str], generator: torch.Generator
    ) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        self.crossing = model.crossing
        self.embeddings = SparseArch(layout, model, generator)
        inputs = interaction_size(len(layout.fields), model.embedding_dim, model.crossing)
        widths = expert_sizes(model, model.experts + model.task_experts * len(tasks))
        steps = list(pairwise([inputs, *widths]))
        self._levels = [
            Level(step, model, tasks, place == len(steps) - 1, generator)
            for place, step in enumerate(steps)
        ]
        self.levels = nn.ModuleList(self._levels)
        sizes = [widths[-1], *tower_sizes(model)]
        self.towers = PerTask({task: Tower(sizes, generator, model.dropout) for task in tasks})
        self.output = PerTask({task: xavier_linear(sizes[-1], 1, generator) for task in tasks})

    def forward(
        self,
        batch: Batch,
        tasks: Sequence[str],
        masks: Masks,  # noqa: ARG002 (this method has none)
    ) -> dict[str, torch.Tensor]:
        """Returns the logits [B] of each task."""
        shared_BI = interact(self.embeddings(batch), self.crossing)
        own_BI = dict.fromkeys(self.tasks, shared_BI)
        for place, level in enumerate(self._levels):
            wanted = self._needed(tasks, place)
            own_BI, shared_BI = level({task: own_BI[task] for task in wanted}, shared_BI)
        return {
            task: self.output[task](self.towers[task](own_BI[task])).squeeze(1) for task in tasks
        }

    def layers(self, task: str) -> dict[str, torch.Tensor]:
        """Returns the experts and gates that reach the task, and its tower."""
        prefixes = [f"towers.{task}.", f"output.{task}."]
        for place, level in enumerate(self._levels):
            start = f"levels.{place}."
            prefixes += [f"{start}shared."]
            prefixes += [f"{start}shared_gate."] if level.joins_tasks else []
            for other in self._needed([task], place):
                prefixes += [f"{start}own.{other}.", f"{start}gates.{other}."]
        return self.weights_below(*prefixes)

    def mixing(self, tasks: Sequence[str]) -> int:
        """Returns the multiply-adds of weighing the experts' outputs."""
        return sum(
            level.mixing * len(self._needed(tasks, place)) + level.mixing_shared
            for place, level in enumerate(self._levels)
        )

    def _needed(self, tasks: Sequence[str], place: int) -> Sequence[str]:
        """The tasks whose experts a level has to ask, so that `tasks` can be predicted."""
        joined = any(level.joins_tasks for level in self._levels[place:])
        return self.tasks if joined else tasks


PLE_SHARE = Sharing(build=PLE)
