"""Trains one arm: the stages' own functions, on a dataset that has no test rows."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lt4rec_core.comparison.settings import REFERENCE
from lt4rec_core.config import Config
from lt4rec_core.data.sealed import SealedDataset
from lt4rec_core.model.sharing.registry import find
from lt4rec_core.model.sharing.sharing import Sharing
from lt4rec_core.pruning.mask import Mask
from lt4rec_core.stages.joint_train import joint_train
from lt4rec_core.stages.prune import open_mask, prune
from lt4rec_core.stages.single_task import single_task
from lt4rec_core.stages.warmup import warmup
from lt4rec_core.tasks import resolve
from lt4rec_core.tracking import Tracker
from lt4rec_core.training.checkpoint import Checkpoint, open_checkpoint

_STATE = "state"


@dataclass(frozen=True)
class TrainedArm:
    """What an arm's training left, chosen by the validation rows alone.

    Attributes:
        networks: checkpoints by the tasks that each of them predicts.
        masks: each task's mask; empty where tasks see whole networks.
        found: what pruning says of each mask: round, density, all rounds.
        validation: each task's metric on the validation rows.
    """

    networks: Mapping[tuple[str, ...], Checkpoint]
    validation: Mapping[str, float]
    masks: Mapping[str, Mask] = field(default_factory=dict)
    found: Mapping[str, Checkpoint] = field(default_factory=dict)


def train_arm(config: Config, dataset: SealedDataset, room: Path, tracker: Tracker) -> TrainedArm:
    """Trains the arm `config.model.sharing` with `config.seed`.

    Every stage's result and state lies below `room`: called again after a kill, it goes
    on where it was and ends with the same bits.
    """
    stages = _Stages(config, dataset, room, tracker)
    if config.model.sharing == REFERENCE:
        return _alone(stages)
    return _jointly(stages, find(config.model.sharing))


@dataclass(frozen=True)
class _Stages:
    """Runs a stage once: its result is opened if it's there."""

    config: Config
    dataset: SealedDataset
    room: Path
    tracker: Tracker

    @property
    def tasks(self) -> tuple[str, ...]:
        return tuple(task.name for task in resolve(self.config.tasks))

    def once(
        self, name: str, kind: str, stage: Callable[..., Checkpoint], *arguments: Any
    ) -> Checkpoint:
        target = self.room / name
        if target.exists():
            return open_checkpoint(target, kind, self.dataset.features.digest)
        return stage(*arguments, self.room / _STATE / name, target, self.tracker)


def _alone(stages: _Stages) -> TrainedArm:
    trained: dict[tuple[str, ...], Checkpoint] = {}
    validation: dict[str, float] = {}
    for task in stages.tasks:
        name = f"single_task-{task}"
        inputs = (stages.config, task, stages.dataset)
        found = stages.once(name, "checkpoint", single_task, *inputs)
        trained[(task,)] = found
        validation |= found.manifest["metrics"]
    return TrainedArm(trained, validation)


def _jointly(stages: _Stages, sharing: Sharing) -> TrainedArm:
    config, dataset = stages.config, stages.dataset
    init = stages.once("warmup", "checkpoint", warmup, config, dataset) if sharing.warmup else None
    found = {
        task: stages.once(f"prune-{task}", "mask", prune, config, task, dataset, init)
        for task in (stages.tasks if sharing.cut else ())
    }
    masks = {task: open_mask(saved.root)[0] for task, saved in found.items()}
    networks: dict[tuple[str, ...], Checkpoint] = {}
    validation: dict[str, float] = {}
    for names in [(task,) for task in stages.tasks] if sharing.alone else [stages.tasks]:
        own = {task: mask for task, mask in masks.items() if task in names}
        stage = functools.partial(joint_train, tasks=names)
        name = "-".join(("joint_train", *names))
        networks[names] = stages.once(name, "checkpoint", stage, config, dataset, init, own)
        validation |= networks[names].manifest["metrics"]
    return TrainedArm(networks, validation, masks, found)
