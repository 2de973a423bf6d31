"""ESMM: a task known on clicks alone is learned on all impressions, as part of a product.

Ma et al., "Entire Space Multi-Task Model" (SIGIR 2018): pCTCVR = pCTR * pCVR is trained on
every impression next to pCTR, and pCVR is the factor that isn't trained by itself. Here the
label is continuous, as in the paper's comparison: the watch ratio, 0 where nobody clicked,
by the task's own loss.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import torch
from torch.nn import functional as F

from lt4rec_core.data.batch import Batch
from lt4rec_core.errors import ConfigError
from lt4rec_core.model.network import Masks
from lt4rec_core.model.sharing.layer_share import LayerShare
from lt4rec_core.model.sharing.sharing import Sharing
from lt4rec_core.tasks import EVERY_IMPRESSION, Task

_TIMES = "."


class ESMM(LayerShare):
    """Layer_Share that can also predict products of its tasks, named like "ctr.cvr"."""

    def forward(self, batch: Batch, tasks: Sequence[str], masks: Masks) -> dict[str, torch.Tensor]:
        """Returns the logits [B] of each task, or of the product of the tasks it names."""
        factors = list(dict.fromkeys(factor for task in tasks for factor in task.split(_TIMES)))
        logits = super().forward(batch, factors, masks)
        return {task: product([logits[name] for name in task.split(_TIMES)]) for task in tasks}

    def learned(self, tasks: Mapping[str, Task]) -> dict[str, Task]:
        """Returns `entire(tasks)`."""
        return entire(tasks)


def entire(tasks: Mapping[str, Task]) -> dict[str, Task]:
    """Puts the product with its population's probability in the place of a conditional task.

    Raises:
        ConfigError: no task predicts the population that another one is known on.
    """
    return {task.name: task for task in (_entire(task, tasks) for task in tasks.values())}


def product(logits: Sequence[torch.Tensor]) -> torch.Tensor:
    """Returns logit(p1 * p2 * …) of the given logits, without leaving the log scale.

    1 - p1 * p2 = (1 - p1) + p1 * (1 - p2), so no probability is ever rounded to 1.
    """
    first, *others = logits
    if not others:
        return first
    log_p, log_not_p = F.logsigmoid(first), F.logsigmoid(-first)
    for other in others:
        log_not_p = torch.logaddexp(log_not_p, log_p + F.logsigmoid(-other))
        log_p = log_p + F.logsigmoid(other)
    return log_p - log_not_p


def _entire(task: Task, tasks: Mapping[str, Task]) -> Task:
    if task.population == EVERY_IMPRESSION:
        return task
    parents = [other for other in tasks.values() if other.label == task.population != task.label]
    if not parents:
        raise ConfigError(
            f"esmm needs a task whose label is {task.population!r}, the population of "
            f"{task.name!r}; the run's tasks are {list(tasks)}: add it, or leave esmm out"
        )
    name = _TIMES.join((_entire(parents[0], tasks).name, task.name))
    return dataclasses.replace(task, name=name, outside=0.0)


ESMM_SHARE = Sharing(build=ESMM, batches="mixed", check=entire)
