"""Single-task baselines: what the MTL gain is measured against (paper, Fig. 1a and Eq. 3)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from lt4rec_core.config import Config
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.tracking import Tracker
from lt4rec_core.training.checkpoint import Checkpoint, load_weights
from lt4rec_core.training.ground import prepare, task_named
from lt4rec_core.training.loop import Watch
from lt4rec_core.training.plan import Plan


def single_task(
    config: Config,
    task: str,
    dataset: Dataset,
    state: Path,
    target: Path,
    tracker: Tracker,
    init: Checkpoint | None = None,
) -> Checkpoint:
    """Trains a network of the same size for one task alone; saves the best by validation.

    It begins from the fresh draw, or from `init`, the baseline of an earlier day.
    """
    ground = prepare(config, dataset)
    wanted = task_named(ground, task)
    network = ground.network("single_task", [task])
    if init is not None:
        load_weights(network, init.group("weights"))
    settings = config.single_task
    plan = Plan(
        populations={(task,): ground.samples.population(wanted)},
        batch_size=config.optimizer.batch_size,
        epochs=settings.epochs,
        seed=config.seed,
        purpose="single_task",
    )
    trained = ground.train(
        network,
        ground.optimizer(network),
        plan,
        {task: replace(wanted, weight=1.0)},
        {},
        Watch(
            every=max(1, plan.steps_per_epoch // settings.evaluations_per_epoch),
            patience=settings.patience,
            keep="best",
        ),
        state,
        tracker,
    )
    manifest = {
        **ground.origin("single_task", *(() if init is None else (init.digest,))),
        "task": task,
        "steps": trained.progress.step,
        "best_step": trained.progress.best_step,
        "metrics": dict(trained.metrics),
    }
    tensors = {f"weights/{name}": values for name, values in trained.weights.items()}
    return ground.save(target, "checkpoint", tensors, manifest)
