"""What every training stage stands on: tasks, samples, and a freshly drawn network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from lt4rec_core.config import Config, to_mapping
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.layout import layout_of
from lt4rec_core.data.samples import Samples, read_samples
from lt4rec_core.errors import ConfigError
from lt4rec_core.model.network import Network
from lt4rec_core.model.sharing.registry import build, find
from lt4rec_core.pruning.mask import Mask
from lt4rec_core.tasks import Task, resolve
from lt4rec_core.tracking import Tracker
from lt4rec_core.training.checkpoint import Checkpoint, open_checkpoint, save_checkpoint
from lt4rec_core.training.loop import Trained, Watch, train
from lt4rec_core.training.memory import keep_freed_memory
from lt4rec_core.training.optimizer import MaskedAdam
from lt4rec_core.training.parallel import ALONE, World, threads_each, world
from lt4rec_core.training.plan import Plan
from lt4rec_core.training.precision import check_precision
from lt4rec_core.training.seeds import fix_threads, generator


@dataclass(frozen=True)
class Ground:
    """The run's tasks and the training and validation rows; the test rows aren't in reach."""

    config: Config
    tasks: Mapping[str, Task]
    dataset: Dataset
    samples: Samples
    validation: Samples
    world: World = ALONE

    def network(self, sharing: str, tasks: Sequence[str], draw: str = "network") -> Network:
        """Returns a network drawn from the run's seed: the same one for the same arguments."""
        drawn_as = find(sharing).drawn_as or sharing
        source = generator(self.config.seed, draw, drawn_as, *tasks)
        layout = layout_of(self.dataset.features)
        return build(sharing, layout, self.config.model, tasks, source).to(self.config.device)

    def optimizer(self, network: Network) -> MaskedAdam:
        """Returns an optimizer without moments for all parameters of `network`."""
        return MaskedAdam(dict(network.named_parameters()), self.config.optimizer)

    def populations(
        self, tasks: Mapping[str, Task], batches: str
    ) -> dict[tuple[str, ...], torch.Tensor]:
        """Returns the rows by group of tasks: one group each, or with "mixed" one for all."""
        if batches == "mixed":
            return {tuple(tasks): torch.arange(self.samples.rows)}
        return {(name,): self.samples.population(task) for name, task in tasks.items()}

    def origin(self, stage: str, *parents: str) -> dict[str, Any]:
        """Returns what a manifest says of how something was made: settings, schema, parents."""
        sections = {name: getattr(self.config, name) for name in ("model", "optimizer", stage)}
        return {
            "stage": stage,
            "schema_digest": self.dataset.features.digest,
            "parents": [self.dataset.digest, *parents],
            "config": {
                "seed": self.config.seed,
                "threads": torch.get_num_threads(),
                "processes": self.world.size,
                **{name: to_mapping(section) for name, section in sections.items()},
            },
        }

    def train(
        self,
        network: Network,
        optimizer: MaskedAdam,
        plan: Plan,
        tasks: Mapping[str, Task],
        masks: Mapping[str, Mask],
        watch: Watch,
        state: Path,
        tracker: Tracker,
    ) -> Trained:
        """Runs the training loop on the run's rows and device; see `lt4rec_core.training.loop`."""
        device = self.config.device
        on_device = {name: mask.to(device).tensors for name, mask in masks.items()}
        return train(
            network,
            optimizer,
            plan,
            tasks,
            on_device,
            self.samples,
            self.validation,
            watch,
            state,
            tracker,
            device,
            self.config.optimizer.averaging,
            self.world,
        )

    def save(
        self,
        target: Path,
        kind: str,
        tensors: Mapping[str, torch.Tensor],
        manifest: Mapping[str, Any],
    ) -> Checkpoint:
        """Saves a checkpoint once, however many processes train; all of them can open it then."""
        saved = save_checkpoint(target, kind, tensors, manifest) if self.world.first else None
        self.world.wait()
        return saved or open_checkpoint(target, kind)


def prepare(config: Config, dataset: Dataset) -> Ground:
    """Fixes threads, and reads what the training stages of a run share."""
    fix_threads(threads_each(config.threads))
    keep_freed_memory()
    check_precision(config.device, config.optimizer.precision)
    tasks = {task.name: task for task in resolve(config.tasks)}
    return Ground(
        config=config,
        tasks=tasks,
        dataset=dataset,
        samples=read_samples(dataset, "train"),
        validation=read_samples(dataset, "validation"),
        world=world(),
    )


def task_named(ground: Ground, name: str) -> Task:
    """Returns the task called `name`; raises ConfigError where the run has none."""
    if name not in ground.tasks:
        raise ConfigError(f"the run has no task {name!r}; its tasks are {list(ground.tasks)}")
    return ground.tasks[name]
