"""Joint training: the tasks' batches in turn, each under its own mask (Algorithm 1, step 3)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lt4rec_core.config import Config
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.errors import ArtifactError
from lt4rec_core.pruning.mask import Mask, check_fits
from lt4rec_core.tracking import Tracker
from lt4rec_core.training.checkpoint import Checkpoint, load_weights, save_checkpoint
from lt4rec_core.training.ground import prepare
from lt4rec_core.training.loop import Watch
from lt4rec_core.training.plan import Plan


def joint_train(
    config: Config,
    dataset: Dataset,
    init: Checkpoint,
    masks: Mapping[str, Mask],
    state: Path,
    target: Path,
    tracker: Tracker,
) -> Checkpoint:
    """Trains sNET from sNET_init and saves the best checkpoint by validation.

    A batch moves only the connections that its task's mask owns, and their moments; the
    embeddings and biases belong to all tasks. The CTR model is then sNET under the CTR
    mask, the CVR model sNET under the CVR mask.

    Raises:
        ArtifactError: a task has no mask, or a mask that doesn't fit the network.
    """
    ground = prepare(config, dataset)
    names = tuple(ground.tasks)
    if set(masks) != set(names):
        raise ArtifactError(
            f"got masks of {sorted(masks)}, expected one of each of {sorted(names)}"
        )
    network = ground.network(config.model.sharing, names)
    for name in names:
        check_fits(masks[name], network.prunable(name))
    load_weights(network, init.group("weights"))
    optimizer = ground.optimizer(network)
    optimizer.load(init.group("moments"))
    settings = config.joint_train
    plan = Plan(
        populations={
            (name,): ground.samples.population(task) for name, task in ground.tasks.items()
        },
        batch_size=config.optimizer.batch_size,
        epochs=settings.epochs,
        seed=config.seed,
        purpose="joint_train",
        alternation=settings.alternation,
    )
    trained = ground.train(
        network,
        optimizer,
        plan,
        ground.tasks,
        masks,
        Watch(
            every=max(1, plan.steps_per_epoch // settings.evaluations_per_epoch),
            patience=settings.patience,
            keep="best",
        ),
        state,
        tracker,
    )
    manifest = {
        **ground.origin("joint_train", init.digest, *(masks[name].digest for name in names)),
        "steps": trained.progress.step,
        "best_step": trained.progress.best_step,
        "metrics": dict(trained.metrics),
    }
    tensors = {f"weights/{name}": values for name, values in trained.weights.items()}
    return save_checkpoint(target, "checkpoint", tensors, manifest)
