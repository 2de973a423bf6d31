"""Pruning: a task's own subnetwork by iterative magnitude pruning (Algorithm 1, step 2)."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from lt4rec_core.config import Config, Prune
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.samples import Samples
from lt4rec_core.errors import ArtifactError, ConfigError
from lt4rec_core.metrics.events import FEWEST_EVENTS, count_events, is_few
from lt4rec_core.model.network import Network
from lt4rec_core.model.sharing.registry import find
from lt4rec_core.pruning.magnitude import kept_per_round
from lt4rec_core.pruning.mask import Mask, dense
from lt4rec_core.pruning.registry import cut_of
from lt4rec_core.pruning.saliency import SALIENCIES
from lt4rec_core.tasks import Task
from lt4rec_core.tracking import ShiftedTracker, Tracker
from lt4rec_core.training.checkpoint import Checkpoint, open_checkpoint
from lt4rec_core.training.ground import Ground, prepare, task_named
from lt4rec_core.training.loop import Watch
from lt4rec_core.training.plan import Plan
from lt4rec_core.training.predict import is_better
from lt4rec_core.training.rewind import rewind
from lt4rec_core.training.seeds import generator


@dataclass(frozen=True)
class Round:
    """What one mask is worth: its density, and the metric of the network trained under it.

    `value` is None where the metric isn't defined on the validation rows.
    """

    round: int
    density: float
    metric: str
    value: float | None
    digest: str


def prune(
    config: Config,
    task: str,
    dataset: Dataset,
    init: Checkpoint,
    state: Path,
    target: Path,
    tracker: Tracker,
) -> Checkpoint:
    """Finds the task's mask and saves it as a checkpoint of kind "mask".

    Round r trains sNET_init (see `prune.rewind`) under mask r for `prune.epochs_per_round`
    epochs of the task's samples, measures it on the validation rows, cuts what the sharing
    method says (the connections of least `prune.saliency`) to get mask r + 1, and forgets the
    training. Round 0 is the dense network; the last round is trained to be measured, and cuts
    nothing.

    Raises:
        ConfigError: the run has no such task, or its sharing method has no masks.
    """
    cut = cut_of(_key_of_cut(config.model.sharing), config.prune.scope)
    ground = prepare(config, dataset)
    wanted = task_named(ground, task)
    network = ground.network(config.model.sharing, tuple(ground.tasks))
    mask = dense(network.prunable(task))
    settings = config.prune
    density = settings.final_density_of.get(task, settings.final_density)
    counts = kept_per_round(mask.total, settings.rounds, density, settings.rate)
    masks: list[Mask] = []
    rounds: list[Round] = []
    for number in range(settings.rounds + 1):
        finished = state / f"round-{number}"
        if not ground.world.decide(finished.exists):
            watched = ShiftedTracker(tracker, number)
            value, scores = _train_round(
                ground, wanted, network, init, mask, number, state, watched
            )
            following = mask
            if number < settings.rounds:
                chance = generator(config.seed, "prune", task, number, "cut")
                following = cut(scores, mask, counts[number + 1], chance)
            entry = Round(number, mask.density, wanted.metric, value, mask.digest)
            _save_round(ground, finished, entry, mask, following)
        entry, following = _open_round(finished, dataset, mask)
        masks.append(mask)
        rounds.append(entry)
        said = "undefined" if entry.value is None else f"{entry.value:.5f}"
        known = {} if entry.value is None else {f"round_{entry.metric}": entry.value}
        tracker.log_metrics({**known, "density": entry.density}, number)
        tracker.progress(
            f"round {number}/{settings.rounds}: density {entry.density:.3f}, "
            f"validation {entry.metric} {said}"
        )
        mask = following
    chosen, why = select(wanted, rounds, settings)
    if settings.select == "best" and rounds[chosen].value is not None:
        why += _evidence(wanted, ground.validation)
    return ground.save(
        target,
        "mask",
        dict(masks[chosen].tensors),
        {
            **ground.origin("prune", init.digest),
            "task": task,
            "mask_digest": masks[chosen].digest,
            "density": masks[chosen].density,
            "layer_density": masks[chosen].layer_density,
            "round": chosen,
            "why": why,
            "rounds": [asdict(entry) for entry in rounds],
        },
    )


def select(task: Task, rounds: Sequence[Round], settings: Prune) -> tuple[int, str]:
    """Returns the round whose mask is kept, and the reason in words.

    Of equal metrics the earlier, denser round wins. Where none is defined, the last one is
    kept: the density that was asked for.
    """
    last = rounds[-1].round
    if settings.select == "last":
        return last, f"round {last} is the last one, as configured"
    values = {entry.round: entry.value for entry in rounds if entry.value is not None}
    if len(values) < len(rounds):
        return last, f"round {last} is the last one; no validation {task.metric} is defined"
    first = 0 if settings.dense_candidate else 1
    best = rounds[first].round
    for entry in rounds[first + 1 :]:
        if is_better(task, values[entry.round], values[best]):
            best = entry.round
    why = f"round {best} has the best validation {task.metric}, {values[best]:.5f}"
    if first == 1:
        is_better_dense = is_better(task, values[0], values[best])
        verdict = "would be better" if is_better_dense else "is no better"
        why += f" (round 0, dense, isn't a candidate; its {values[0]:.5f} {verdict})"
    return best, why


def _evidence(task: Task, validation: Samples) -> str:
    """Says how little a choice stands on, where it stands on few events; else nothing."""
    labels = validation.labels[task.label][validation.population(task)].numpy()
    events = count_events(labels)
    if not task.binary or not is_few(events):
        return ""
    return f"; on {events} events, fewer than {FEWEST_EVENTS}, it is mostly chance which one is"


def _key_of_cut(sharing: str) -> str:
    cut = find(sharing).cut
    if not cut:
        raise ConfigError(
            f"sharing method {sharing!r} has no masks, so there is nothing to prune; "
            "train it with joint_train alone"
        )
    return cut


def open_mask(root: Path, schema_digest: str = "") -> tuple[Mask, Checkpoint]:
    """Opens a saved mask; raises ArtifactError as `open_checkpoint` does."""
    saved = open_checkpoint(root, "mask", schema_digest)
    return Mask({name: kept.bool() for name, kept in saved.tensors().items()}), saved


def _train_round(
    ground: Ground,
    task: Task,
    network: Network,
    init: Checkpoint,
    mask: Mask,
    number: int,
    state: Path,
    tracker: Tracker,
) -> tuple[float | None, dict[str, torch.Tensor]]:
    """Rewinds, trains under `mask`.

    Returns the task's validation metric if it is defined, and the saliency of each connection.
    """
    config = ground.config
    optimizer = ground.optimizer(network)
    rewind(ground, network, optimizer, init, config.prune.rewind)
    network.embeddings.weight.requires_grad_(not config.prune.freeze_embeddings)
    start = {name: weight.detach().clone() for name, weight in network.prunable(task.name).items()}
    plan = Plan(
        populations={(task.name,): ground.samples.population(task)},
        batch_size=config.optimizer.batch_size,
        epochs=config.prune.epochs_per_round,
        seed=config.seed,
        purpose=f"prune/{number}",
    )
    trained = ground.train(
        network,
        optimizer,
        plan,
        {task.name: replace(task, weight=1.0)},  # paper, Eq. 1: no loss weight here
        {task.name: mask},
        Watch(every=plan.steps_per_epoch),
        state / f"training-{number}",
        tracker,
    )
    scores = SALIENCIES[config.prune.saliency](
        trained=network.prunable(task.name), start=start, squares=optimizer.squares(start)
    )
    return trained.metrics.get(task.name), scores


def _save_round(ground: Ground, target: Path, entry: Round, mask: Mask, following: Mask) -> None:
    schema = ground.dataset.features.digest
    record = {"schema_digest": schema, "round": asdict(entry), "from": mask.digest}
    ground.save(target, "pruning_round", following.tensors, record)
    if ground.world.first:
        shutil.rmtree(target.parent / f"training-{entry.round}", ignore_errors=True)


def _open_round(root: Path, dataset: Dataset, mask: Mask) -> tuple[Round, Mask]:
    saved = open_checkpoint(root, "pruning_round", dataset.features.digest)
    if saved.manifest["from"] != mask.digest:
        raise ArtifactError(
            f"{root} was pruned from mask {saved.manifest['from']}, expected {mask.digest}; "
            f"remove {root.parent} and prune anew"
        )
    following = Mask({name: kept.bool() for name, kept in saved.tensors().items()})
    return Round(**saved.manifest["round"]), following
