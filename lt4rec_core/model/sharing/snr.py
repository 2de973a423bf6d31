"""SNR: sub-networks joined by connections that gates learn to open or close.

Ma et al., "SNR: Sub-Network Routing for Flexible Parameter Sharing in Multi-Task Learning"
(AAAI 2019), the variant SNR-Trans: sub-network j of a level reads sum_i z_ij W_ij u_i of
the sub-networks u_i below, and so does each task's tower. The gates z are hard concrete
(Louizos et al., "Learning Sparse Neural Networks through L0 Regularization", ICLR 2018,
Eq. 10 to 13, with its beta, gamma and zeta), drawn anew for each batch of training and
at their deterministic estimates for predictions; `model.gate_penalty` times the expected number
of open gates is added to the loss.

The sub-networks of a level are together one layer of the base network, whose weights are
gated block by block. So SNR has as many weights as the base network, and with all gates
open and no tower layers it is Full_Share.

Shapes: S sub-networks a level, B impressions, I inputs, O outputs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional as F

from lt4rec_core.config import Model
from lt4rec_core.data.batch import Batch
from lt4rec_core.data.layout import Layout
from lt4rec_core.model.embeddings import SparseArch
from lt4rec_core.model.experts import expert_sizes, tower_sizes
from lt4rec_core.model.interaction import interact, interaction_size
from lt4rec_core.model.network import Masks, Network
from lt4rec_core.model.per_task import PerTask
from lt4rec_core.model.sharing.sharing import Sharing
from lt4rec_core.model.towers import xavier_linear

BETA, GAMMA, ZETA = 2 / 3, -0.1, 1.1
_LOG_ALPHA = 2.0  # at the start, predictions see gates of .96; a draw is closed 3 times in 100


class SNR(Network):
    """`model.experts` sub-networks a level; routes to a tower for each task."""

    def __init__(
        self, layout: Layout, model: Model, tasks: Sequence[str], generator: torch.Generator
    ) -> None:
        super().__init__()
        self.tasks = tuple(tasks)
        self.crossing = model.crossing
        self.embeddings = SparseArch(layout, model, generator)
        parts = model.experts
        widths = [parts * width for width in expert_sizes(model, parts)]
        inputs = interaction_size(len(layout.fields), model.embedding_dim, model.crossing)
        self.over = _chain([inputs, *widths], generator)
        sizes = [widths[-1], *tower_sizes(model), 1]
        self.towers = PerTask({task: _chain(sizes, generator) for task in tasks})
        self.routes = nn.ParameterList(torch.full((parts, parts), _LOG_ALPHA) for _ in widths[1:])
        self.task_routes = {
            task: nn.Parameter(torch.full((1, parts), _LOG_ALPHA)) for task in tasks
        }
        for task, route in self.task_routes.items():
            self.register_parameter(f"task_routes_{task}", route)
        self._penalty = model.gate_penalty
        self._dropout = nn.Dropout(model.dropout)

    def forward(
        self,
        batch: Batch,
        tasks: Sequence[str],
        masks: Masks,  # noqa: ARG002 (this method has none)
    ) -> dict[str, torch.Tensor]:
        """Returns the logits [B] of each task; with `batch.draw`, under gates drawn from it."""
        shared, own = self._gates(batch.draw)
        x_BO = interact(self.embeddings(batch), self.crossing)
        for layer, gates in zip(self.over, [None, *shared], strict=True):
            x_BO = self._dropout(F.relu(gated(x_BO, layer, gates)))
        logits = {}
        for task in tasks:
            first, *others = self._tower(task)
            y_BO = gated(x_BO, first, own[task])
            for layer in others:
                y_BO = gated(self._dropout(F.relu(y_BO)), layer, None)
            logits[task] = y_BO.squeeze(1)
        return logits

    def layers(self, task: str) -> dict[str, torch.Tensor]:
        """Returns the sub-networks and the task's tower."""
        return self.weights_below("over.", f"towers.{task}.")

    def penalty(self, tasks: Sequence[str]) -> torch.Tensor:
        """Returns the penalty of the gates that are likely open on the way to `tasks`."""
        used = [*self.routes, *(self.task_routes[task] for task in tasks)]
        shift = BETA * math.log(-GAMMA / ZETA)
        return self._penalty * torch.stack([torch.sigmoid(a - shift).sum() for a in used]).sum()

    def _gates(self, draw: int | None) -> tuple[list[torch.Tensor], dict[str, torch.Tensor]]:
        """Draws all gates, whichever tasks are asked for, so that these change no draw."""
        chance = None if draw is None else torch.Generator().manual_seed(draw)
        shared = [hard_concrete(log_alpha, chance) for log_alpha in self.routes]
        own = {task: hard_concrete(self.task_routes[task], chance) for task in self.tasks}
        return shared, own

    def _tower(self, task: str) -> list[nn.Module]:
        return list(self.towers[task].children())


def hard_concrete(log_alpha: torch.Tensor, chance: torch.Generator | None) -> torch.Tensor:
    """Returns gates in [0, 1]: drawn from `chance`, or without it their estimates."""
    logit = log_alpha
    if chance is not None:
        uniform = torch.rand(log_alpha.shape, generator=chance).clamp(1e-6, 1 - 1e-6)
        logit = (torch.logit(uniform).to(log_alpha.device) + log_alpha) / BETA
    return (torch.sigmoid(logit) * (ZETA - GAMMA) + GAMMA).clamp(0, 1)


def gated(x_BI: torch.Tensor, layer: nn.Module, gates_SS: torch.Tensor | None) -> torch.Tensor:
    """Returns [B, O] of a layer whose weight is cut into equal blocks, each times its gate."""
    if not isinstance(layer, nn.Linear):
        raise TypeError(f"a sub-network's layer must be linear, got {type(layer).__name__}")
    weight_OI = layer.weight
    if gates_SS is not None:
        rows, columns = gates_SS.shape
        gates_OS = gates_SS.repeat_interleave(weight_OI.shape[0] // rows, 0)
        weight_OI = weight_OI * gates_OS.repeat_interleave(weight_OI.shape[1] // columns, 1)
    return F.linear(x_BI, weight_OI, layer.bias)


def _chain(sizes: Sequence[int], generator: torch.Generator) -> nn.ModuleList:
    return nn.ModuleList(
        xavier_linear(before, after, generator) for before, after in pairwise(sizes)
    )


SNR_SHARE = Sharing(build=SNR)
