"""What a network says about samples, and how good that is."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import torch

from lt4rec_core.data.samples import Samples
from lt4rec_core.errors import TrainingError
from lt4rec_core.metrics import METRICS, Undefined
from lt4rec_core.metrics.events import count_events, is_few
from lt4rec_core.model.network import Masks, Network
from lt4rec_core.tasks import Task
from lt4rec_core.training.parallel import ALONE, World

_ROWS_AT_ONCE = 8192


@torch.no_grad()
def predict(
    network: Network,
    samples: Samples,
    task: str,
    masks: Masks,
    rows: torch.Tensor | None = None,
    device: str = "cpu",
    world: World = ALONE,
) -> np.ndarray:
    """Returns the task's predictions, float64 in [0, 1], for `rows` (all by default).

    Nothing is dropped out, whatever mode the network is in. Each process of `world` does
    a part and has all in the end: whole chunks, so that their number changes no bit.
    """
    rows = torch.arange(samples.rows) if rows is None else rows
    pieces = [torch.empty(0, dtype=torch.float64)]
    was_training = network.training
    network.eval()
    chunks = torch.arange(math.ceil(len(rows) / _ROWS_AT_ONCE))
    for chunk in world.share(chunks).tolist():
        chunk_B = rows[chunk * _ROWS_AT_ONCE : (chunk + 1) * _ROWS_AT_ONCE]
        logits = network(samples.batch(chunk_B).to(device), [task], masks)[task]
        pieces.append(torch.sigmoid(logits.double()).cpu())
    network.train(was_training)
    return world.gather(torch.cat(pieces)).numpy()


def validation_metrics(
    network: Network,
    samples: Samples,
    tasks: Sequence[Task],
    masks: Masks,
    device: str = "cpu",
    world: World = ALONE,
) -> dict[str, float]:
    """Returns each task's own metric on its population of `samples`.

    Raises:
        TrainingError: a metric isn't defined there, so that nothing could be selected by it.
    """
    values = {}
    for task in tasks:
        rows = samples.population(task)
        labels = samples.labels[task.label][rows].numpy()
        predictions = predict(network, samples, task.name, masks, rows, device, world)
        values[task.name] = _measure(task, labels, predictions)
    return values


def is_better(task: Task, value: float, than: float) -> bool:
    """Says whether `value` of the task's metric is strictly better than `than`."""
    return value > than if METRICS[task.metric].higher_is_better else value < than


def skill(
    tasks: Iterable[Task], metrics: Mapping[str, float], trivial: Mapping[str, float]
) -> float:
    """Returns one number to select checkpoints of several tasks by; higher is better.

    It is the mean over tasks of the share of the way from the trivial predictor's metric
    to the perfect one: metrics of unlike size count alike. Without tasks it is 0.
    """
    shares = []
    for task in tasks:
        perfect = 1.0 if METRICS[task.metric].higher_is_better else 0.0
        start = trivial[task.name]
        shares.append((metrics[task.name] - start) / (perfect - start) if perfect != start else 0.0)
    return sum(shares) / max(1, len(shares))


def deciding(samples: Samples, tasks: Sequence[Task]) -> list[Task]:
    """Returns the tasks to choose checkpoints by: those with enough events among `samples`.

    The metric of a handful of clicks is mostly chance, and would outvote those that are
    certain. Where every task has too few, all of them decide.
    """

    def few(task: Task) -> bool:
        labels = samples.labels[task.label][samples.population(task)].numpy()
        return task.binary and is_few(count_events(labels))

    return [task for task in tasks if not few(task)] or list(tasks)


def trivial_metrics(samples: Samples, tasks: Sequence[Task]) -> dict[str, float]:
    """Returns each task's metric of the constant prediction, the mean label of `samples`.

    A task is absent whose metric isn't defined on these rows, whatever is predicted: an
    AUC on a day without a positive.
    """
    values = {}
    for task in tasks:
        labels = samples.labels[task.label][samples.population(task)].double().numpy()
        constant = np.full(len(labels), labels.mean() if len(labels) else 0.0)
        with contextlib.suppress(Undefined):
            values[task.name] = METRICS[task.metric].compute(labels, constant)
    return values


def _measure(task: Task, labels_N: np.ndarray, predictions_N: np.ndarray) -> float:
    """Returns the task's metric, or raises TrainingError where it isn't defined."""
    try:
        return METRICS[task.metric].compute(labels_N, predictions_N)
    except Undefined as reason:
        raise TrainingError(
            f"{task.metric} of {task.name} isn't defined on the validation rows ({reason}); "
            "give more validation data"
        ) from reason
