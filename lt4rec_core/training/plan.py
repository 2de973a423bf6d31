"""In which order a stage's batches come: the only thing that tells the stages apart."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from lt4rec_core.errors import TrainingError
from lt4rec_core.training.seeds import generator


@dataclass(frozen=True)
class Step:
    """One batch: the rows [B] it is made of, and the tasks that learn from it."""

    rows_B: torch.Tensor
    tasks: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """Batches of one stage, drawn anew each epoch from `seed` and `purpose`.

    Attributes:
        populations: rows (int64) by group of tasks. A group's batches hold its rows only:
            one group of all tasks makes mixed batches, a group per task makes them take
            turns.
        batch_size: rows a batch; the last one of an epoch may be smaller.
        epochs: how often every row comes by; may be a fraction.
        alternation: "proportional" spreads the groups' batches evenly over the epoch, each
            row once; "equal" gives every group as many batches as the largest has.
    """

    populations: Mapping[tuple[str, ...], torch.Tensor]
    batch_size: int
    epochs: float
    seed: int
    purpose: str
    alternation: str = "proportional"

    def __post_init__(self) -> None:
        for tasks, rows in self.populations.items():
            if len(rows) == 0:
                raise TrainingError(
                    f"{'+'.join(tasks)} has no samples to train on; expected at least one row of "
                    "its population on the training days"
                )

    @property
    def steps_per_epoch(self) -> int:
        """Batches in one epoch."""
        return sum(self._batches().values())

    @property
    def steps(self) -> int:
        """Batches in all; at least one unless `epochs` is zero."""
        return math.ceil(self.epochs * self.steps_per_epoch - 1e-9)

    def epoch(self, number: int) -> Iterator[Step]:
        """Yields the batches of epoch `number` in order."""
        counts = self._batches()
        orders = {tasks: self._order(tasks, number, counts[tasks]) for tasks in counts}
        for tasks, index in _spread(counts):
            start = index * self.batch_size
            yield Step(orders[tasks][start : start + self.batch_size], tasks)

    def _batches(self) -> dict[tuple[str, ...], int]:
        counts = {
            tasks: math.ceil(len(rows) / self.batch_size)
            for tasks, rows in self.populations.items()
        }
        if self.alternation == "equal":
            counts = dict.fromkeys(counts, max(counts.values()))
        return counts

    def _order(self, tasks: tuple[str, ...], number: int, batches: int) -> torch.Tensor:
        """Permutes the group's rows; where it needs more than it has, it goes round again."""
        rows = self.populations[tasks]
        source = generator(self.seed, self.purpose, "+".join(tasks), number)
        rounds = max(1, math.ceil((batches - 1) * self.batch_size / len(rows)))
        if math.ceil(len(rows) / self.batch_size) == batches:
            rounds = 1
        return torch.cat([rows[torch.randperm(len(rows), generator=source)] for _ in range(rounds)])


def _spread(counts: Mapping[tuple[str, ...], int]) -> Sequence[tuple[tuple[str, ...], int]]:
    """Orders all (group, batch) so that each group's batches lie evenly over the epoch."""
    places = [
        ((index + 0.5) / count, position, tasks, index)
        for position, (tasks, count) in enumerate(counts.items())
        for index in range(count)
    ]
    return [(tasks, index) for _, _, tasks, index in sorted(places)]
