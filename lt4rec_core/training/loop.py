"""The one training loop; masks and the order of batches make it a stage."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from lt4rec_core.data.batch import Batch
from lt4rec_core.data.samples import Samples, known, label_of
from lt4rec_core.errors import TrainingError
from lt4rec_core.model.network import Masks, Network
from lt4rec_core.tasks import Task
from lt4rec_core.tracking import Tracker
from lt4rec_core.training.averaging import Averaging
from lt4rec_core.training.checkpoint import load_weights, open_checkpoint, save_checkpoint
from lt4rec_core.training.losses import LOSSES
from lt4rec_core.training.optimizer import MaskedAdam
from lt4rec_core.training.parallel import ALONE, World
from lt4rec_core.training.plan import Plan
from lt4rec_core.training.precision import autocast
from lt4rec_core.training.predict import deciding, skill, trivial_metrics, validation_metrics
from lt4rec_core.training.preemption import preemption
from lt4rec_core.training.seeds import generator

_LOSS_RECORDS = 50  # points of a loss curve
_TOTAL = ""  # beside the tasks' losses: what is minimized


@dataclass(frozen=True)
class Watch:
    """When to look at the validation rows, and what to do about it.

    Attributes:
        every: steps between two looks; the last step is always followed by one.
        patience: looks without a new best after which training stops; 0 never stops.
        keep: "best" returns the weights of the best look, "last" those of the last step.
        judged: the tasks that are looked at; all tasks of the plan if empty.
    """

    every: int
    patience: int = 0
    keep: str = "last"
    judged: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far a training has come; all of it survives in the state folder."""

    step: int = 0
    best_step: int = 0
    best_skill: float = -math.inf
    best_metrics: Mapping[str, float] = field(default_factory=dict)
    looks_since_best: int = 0
    history: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Trained:
    """What training leaves behind: the kept weights, the moments, and the record."""

    weights: Mapping[str, torch.Tensor]
    moments: Mapping[str, torch.Tensor]
    metrics: Mapping[str, float]
    progress: Progress


def train(
    network: Network,
    optimizer: MaskedAdam,
    plan: Plan,
    tasks: Mapping[str, Task],
    masks: Masks,
    samples: Samples,
    validation: Samples,
    watch: Watch,
    state: Path,
    tracker: Tracker,
    device: str = "cpu",
    averaging: float = 0.0,
    world: World = ALONE,
) -> Trained:
    """Trains `network` in place along `plan`, each task under its mask.

    A batch moves the weights that its tasks' masks own, and their moments. After each
    look at the validation rows, and on SIGTERM, everything is saved to `state`; called
    again with the same inputs, training goes on from there and ends with the same bits.
    With `averaging`, the decay of a running mean of the weights, the mean is measured
    and kept. Where `world` has several processes, each of them calls this with the same
    inputs but a silent tracker, and learns from its share of each batch.

    Raises:
        TrainingError: the loss isn't finite, or predictions aren't.
        ArtifactError: what lies in `state` is damaged or belongs to another network.
    """
    judged = [tasks[k] for k in watch.judged or dict.fromkeys(sum(plan.populations, ()))]
    trivial = trivial_metrics(validation, judged)
    for task in (task for task in judged if task.name not in trivial):
        tracker.progress(f"{task.metric} of {task.name} isn't defined on the validation rows")
    judged = [task for task in judged if task.name in trivial]
    choosing = deciding(validation, judged)
    mean = Averaging(network, averaging)
    progress, best = _resume(state, network, optimizer, mean, world)
    losses: dict[str, list[float]] = {}
    with preemption() as leaving:
        for number, step in _remaining(plan, progress.step):
            if progress.looks_since_best >= watch.patience > 0:
                break
            rows_B = world.share(step.rows_B)
            batch = replace(samples.batch(rows_B), draw=_draw(plan, number)).to(device)
            learned = _learn(network, optimizer, batch, step.tasks, tasks, masks, world)
            for name, loss in learned.items():
                losses.setdefault(name, []).append(loss)
            mean.update()
            last = number == plan.steps
            if last or number % max(1, plan.steps // _LOSS_RECORDS) == 0:
                losses = _record(losses, number, tracker)
            if last or number % watch.every == 0:
                metrics = validation_metrics(mean.network, validation, judged, masks, device, world)
                progress = _look(progress, number, metrics, skill(choosing, metrics, trivial))
                if progress.best_step == number:
                    best = _copy(mean.network.state_dict())
                tracker.log_metrics({f"validation_{k}": v for k, v in metrics.items()}, number)
                seen = ", ".join(f"{tasks[k].metric} of {k} {v:.5f}" for k, v in metrics.items())
                tracker.progress(f"step {number}/{plan.steps}: validation {seen or 'undefined'}")
                _save(state, network, optimizer, mean, best, progress, world)
            leaving.asked = world.any(leaving.asked)
            if leaving.asked and not last:
                progress = replace(progress, step=number)
                _save(state, network, optimizer, mean, best, progress, world)
                break
    final = best if watch.keep == "best" and best else _copy(mean.network.state_dict())
    last_look = progress.history[-1]["metrics"] if progress.history else {}
    kept = progress.best_metrics if watch.keep == "best" else last_look
    return Trained(final, _copy(optimizer.state()), kept, progress)


def _learn(
    network: Network,
    optimizer: MaskedAdam,
    batch: Batch,
    names: tuple[str, ...],
    tasks: Mapping[str, Task],
    masks: Masks,
    world: World = ALONE,
) -> dict[str, float]:
    """Takes one optimizer step (paper, Eq. 1 and 2); returns each task's loss.

    `batch` is this process' share; a task's loss is the mean over all processes' samples.
    """
    if batch.draw is not None:
        # Dropout takes its random numbers from torch's own generator.
        torch.manual_seed(batch.draw + world.rank)
    with autocast(batch.ids.device, optimizer.precision):
        logits = network(batch, names, masks) if batch.size else {}
    known_B = {name: known(tasks[name], batch.labels) for name in names}
    parts = world.parts({name: int(rows_B.sum()) for name, rows_B in known_B.items()})
    losses = {}
    for name in (name for name, part in parts.items() if part):
        task, rows_B = tasks[name], known_B[name]
        loss = LOSSES[task.loss](logits[name][rows_B].float(), label_of(task, batch.labels)[rows_B])
        losses[name] = loss if parts[name] == 1 else loss * parts[name]
    optimizer.zero_grad()
    penalty = network.penalty(names) if world.first else torch.zeros(())
    total = sum((tasks[k].weight * loss for k, loss in losses.items()), penalty)
    if parts and total.requires_grad:
        total.backward()  # type: ignore[no-untyped-call]
    told = {name: float(losses[name].detach()) if name in losses else 0.0 for name in parts}
    table = network.embeddings.weight
    dense = [parameter for parameter in network.parameters() if parameter is not table]
    told = world.add_up(dense, table, {**told, _TOTAL: float(total.detach())})
    together = told.pop(_TOTAL)
    if not math.isfinite(together):
        raise TrainingError(
            f"the loss of {'+'.join(names)} is {together}; "
            "lower the learning rate or clip the gradient (optimizer.clip_norm)"
        )
    if parts:
        optimizer.step(_owned(names, masks))
    return told


def _draw(plan: Plan, number: int) -> int:
    """Seed of what a network draws on a batch: the same one in a resumed training."""
    return generator(plan.seed, plan.purpose, "draw", number).initial_seed()


def _owned(tasks: Sequence[str], masks: Masks) -> Mapping[str, torch.Tensor]:
    """What a batch of `tasks` may move: the union of their masks, all if one has none."""
    if any(task not in masks for task in tasks):
        return {}
    first, *others = (masks[task] for task in tasks)
    owned = dict(first)
    for other in others:
        for name, kept in other.items():
            owned[name] = owned[name] | kept if name in owned else kept
    return owned


def _remaining(plan: Plan, done: int) -> Any:
    """Yields (number, step) after step `done`; a step's number counts from 1."""
    number, epoch = 0, 0
    while number < plan.steps:
        for step in plan.epoch(epoch):
            number += 1
            if number > plan.steps:
                return
            if number > done:
                yield number, step
        epoch += 1


def _look(progress: Progress, step: int, metrics: Mapping[str, float], value: float) -> Progress:
    history = (*progress.history, {"step": step, "metrics": dict(metrics), "skill": value})
    progress = replace(progress, step=step, history=history)
    # Where no metric is defined there is nothing to choose by, and the latest look is kept.
    if not metrics or value > progress.best_skill:
        return replace(
            progress,
            best_step=step,
            best_skill=value,
            best_metrics=dict(metrics),
            looks_since_best=0,
        )
    return replace(progress, looks_since_best=progress.looks_since_best + 1)


def _record(losses: dict[str, list[float]], step: int, tracker: Tracker) -> dict[str, list[float]]:
    tracker.log_metrics({f"loss_{k}": sum(v) / len(v) for k, v in losses.items()}, step)
    return {}


def _copy(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name: values.detach().clone() for name, values in tensors.items()}


def _save(
    state: Path,
    network: Network,
    optimizer: MaskedAdam,
    mean: Averaging,
    best: Mapping[str, torch.Tensor],
    progress: Progress,
    world: World,
) -> None:
    if not world.first:
        return
    groups = {
        "weights": network.state_dict(),
        "moments": optimizer.state(),
        "mean": mean.state(),
        "best": best,
    }
    tensors = {
        f"{g}/{name}": values for g, group in groups.items() for name, values in group.items()
    }
    record = dict(vars(progress))
    if not progress.history:
        del record["best_skill"]  # JSON has no infinity
    save_checkpoint(state, "training_state", tensors, {"progress": record})


def _resume(
    state: Path, network: Network, optimizer: MaskedAdam, mean: Averaging, world: World
) -> tuple[Progress, dict[str, torch.Tensor]]:
    if not world.decide(state.exists):
        return Progress(), {}
    saved = open_checkpoint(state, "training_state")
    load_weights(network, saved.group("weights"))
    optimizer.load(saved.group("moments"))
    mean.load(saved.group("mean"))
    record = dict(saved.manifest["progress"])
    return Progress(**{**record, "history": tuple(record["history"])}), saved.group("best")
