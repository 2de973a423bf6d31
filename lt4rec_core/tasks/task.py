"""What a task is."""

from __future__ import annotations

from dataclasses import dataclass

EVERY_IMPRESSION = "impression"


@dataclass(frozen=True)
class Task:
    """One prediction: on which rows it is defined, how it is trained and how it is judged.

    Attributes:
        name: the task's key everywhere (masks, metrics, DAG nodes `prune-<name>`).
        label: label column of the dataset, without its `label.` prefix.
        population: rows on which the label is known: `EVERY_IMPRESSION`, or the name
            of a binary label whose rows with value 1 are meant (delta in paper, Eq. 1).
        loss: key of the loss registry.
        metric: key of the metric registry; it selects masks and checkpoints.
        weight: omega in paper, Eq. 2.
        outside: what the label is outside of the population; None means that it isn't
            known there and that such rows don't count.
    """

    name: str
    label: str
    population: str
    loss: str
    metric: str
    weight: float
    outside: float | None = None

    @property
    def binary(self) -> bool:
        """Whether the label is 0 or 1; otherwise it is a share between them."""
        return self.loss == "log_loss"
