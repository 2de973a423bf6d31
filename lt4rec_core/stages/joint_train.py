"""Joint training of all tasks: in LT4REC each under its own mask (Algorithm 1, step 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from lt4rec_core.config import Config
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.errors import ArtifactError
from lt4rec_core.model.sharing.registry import find
from lt4rec_core.pruning.mask import Mask, check_fits
from lt4rec_core.tracking import Tracker
from lt4rec_core.training.checkpoint import Checkpoint
from lt4rec_core.training.ground import prepare, task_named
from lt4rec_core.training.loop import Watch
from lt4rec_core.training.plan import Plan
from lt4rec_core.training.rewind import rewind


def joint_train(
    config: Config,
    dataset: Dataset,
    init: Checkpoint | None,
    masks: Mapping[str, Mask],
    state: Path,
    target: Path,
    tracker: Tracker,
    tasks: Sequence[str] = (),
) -> Checkpoint:
    """Trains sNET from sNET_init and saves the best checkpoint by validation.

    A batch moves only the connections that its task's mask owns, and their moments; the
    embeddings and biases belong to all tasks. The CTR model is then sNET under the CTR
    mask, the CVR model sNET under the CVR mask.

    Sharing methods without masks are trained here in the same way, without masks; those
    without a warm-up from the fresh draw (`init` None).

    With `tasks`, only these are in the network and trained: what each of them comes to
    without the others.

    Raises:
        ArtifactError: a task has no mask, or a mask that doesn't fit the network, or the
            sharing method knows no masks.
    """
    sharing = find(config.model.sharing)
    ground = prepare(config, dataset)
    chosen = {name: task_named(ground, name) for name in tasks or ground.tasks}
    names = tuple(chosen)
    if set(masks) != (set(names) if sharing.cut else set()):
        raise ArtifactError(
            f"got masks of {sorted(masks)}, expected one of each of {sorted(names)}"
            if sharing.cut
            else f"got masks of {sorted(masks)}, but {config.model.sharing} trains without any"
        )
    network = ground.network(config.model.sharing, names)
    for name, mask in masks.items():
        check_fits(mask, network.prunable(name))
    optimizer = ground.optimizer(network)
    if init is not None:
        rewind(ground, network, optimizer, init, config.joint_train.rewind)
    learned = network.learned(chosen)
    settings = config.joint_train
    plan = Plan(
        populations=ground.populations(learned, sharing.batches),
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
        {**chosen, **learned},
        masks,
        Watch(
            every=max(1, plan.steps_per_epoch // settings.evaluations_per_epoch),
            patience=settings.patience,
            keep="best",
            judged=names,
        ),
        state,
        tracker,
    )
    manifest = {
        **ground.origin("joint_train", *_parents(init, masks, names)),
        "steps": trained.progress.step,
        "best_step": trained.progress.best_step,
        "metrics": dict(trained.metrics),
    }
    tensors = {f"weights/{name}": values for name, values in trained.weights.items()}
    return ground.save(target, "checkpoint", tensors, manifest)


def _parents(
    init: Checkpoint | None, masks: Mapping[str, Mask], names: Sequence[str]
) -> tuple[str, ...]:
    start = () if init is None else (init.digest,)
    return (*start, *(masks[name].digest for name in names if name in masks))
