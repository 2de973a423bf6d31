"""Warm-up: both tasks' samples train the base network to sNET_init (paper, Algorithm 1, step 1)."""

from __future__ import annotations

from pathlib import Path

from lt4rec_core.config import Config
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.layout import layout_of
from lt4rec_core.model.embeddings import draw_embeddings
from lt4rec_core.tracking import Tracker
from lt4rec_core.training.checkpoint import Checkpoint
from lt4rec_core.training.ground import prepare
from lt4rec_core.training.loop import Watch
from lt4rec_core.training.plan import Plan
from lt4rec_core.training.seeds import generator


def warmup(
    config: Config, dataset: Dataset, state: Path, target: Path, tracker: Tracker
) -> Checkpoint:
    """Trains the dense network on mixed batches and saves sNET_init.

    A mixed batch holds impressions of all kinds; each task's loss is taken on its own
    population in it and weighted as in paper, Eq. 2. The checkpoint holds the groups
    `weights` and, with `warmup.keep_optimizer`, `moments`.
    """
    ground = prepare(config, dataset)
    names = tuple(ground.tasks)
    network = ground.network(config.model.sharing, names)
    optimizer = ground.optimizer(network)
    learned = network.learned(ground.tasks)
    plan = Plan(
        populations=ground.populations(learned, "mixed"),
        batch_size=config.optimizer.batch_size,
        epochs=config.warmup.epochs,
        seed=config.seed,
        purpose="warmup",
    )
    trained = ground.train(
        network,
        optimizer,
        plan,
        {**ground.tasks, **learned},
        {},
        Watch(every=max(1, plan.steps_per_epoch), judged=names),
        state,
        tracker,
    )
    weights = dict(trained.weights)
    moments = dict(trained.moments) if config.warmup.keep_optimizer else {}
    if not config.warmup.keep_embeddings:
        fresh = generator(config.seed, "warmup", "embeddings")
        layout = layout_of(dataset.features)
        weights["embeddings.weight"] = draw_embeddings(layout, config.model, fresh)
        moments = {key: m for key, m in moments.items() if not key.startswith("embeddings.")}
    tensors = {f"weights/{name}": values for name, values in weights.items()}
    tensors |= {f"moments/{name}": values for name, values in moments.items()}
    manifest = {
        **ground.origin("warmup"),
        "steps": plan.steps,
        "metrics": dict(trained.metrics),
    }
    return ground.save(target, "checkpoint", tensors, manifest)
