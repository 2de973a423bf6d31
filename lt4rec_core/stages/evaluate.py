"""Stage evaluate: what the model is worth on the test day, next to baselines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from lt4rec_core.artifact import read_object
from lt4rec_core.config import Config
from lt4rec_core.data.atomic import folder_aside
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.layout import layout_of
from lt4rec_core.data.samples import Samples, read_samples
from lt4rec_core.errors import ArtifactError
from lt4rec_core.metrics.judge import Predictions, judge
from lt4rec_core.metrics.metric import Array
from lt4rec_core.metrics.trivial import trivial_predictions
from lt4rec_core.model.network import Network
from lt4rec_core.model.sharing.registry import build, find
from lt4rec_core.pruning.mask import Mask, check_fits
from lt4rec_core.tasks import Task, resolve
from lt4rec_core.tracking import Tracker
from lt4rec_core.training.checkpoint import Checkpoint, load_weights
from lt4rec_core.training.predict import predict
from lt4rec_core.training.seeds import fix_threads, generator

METRICS_FILE = "metrics.json"
PREDICTIONS_FILE = "predictions.parquet"


@dataclass(frozen=True)
class Evaluation:
    """The folder with `metrics.json` and `predictions.parquet`, and what the former says."""

    root: Path
    metrics: Mapping[str, Any]


def evaluate(
    config: Config,
    dataset: Dataset,
    joint: Checkpoint,
    masks: Mapping[str, Mask],
    singles: Mapping[str, Checkpoint],
    target: Path,
    tracker: Tracker,
) -> Evaluation:
    """Judges every task on the test rows; nothing before this stage reads their labels.

    Args:
        config: `tasks`, `evaluate`, `model` and `seed` matter.
        dataset: its training days fit the trivial predictors, its test days are judged.
        joint: the jointly trained network; a task's model is this under the task's mask.
        masks: one mask a task.
        singles: baselines by task; a task without one has no gain.
        target: folder of the evaluation, written whole or not at all.
        tracker: receives each task's metrics.

    Raises:
        ArtifactError: a task has no mask, or a mask or checkpoint doesn't fit the network.
        ConfigError: a slice names a column that the dataset lacks.
    """
    fix_threads(config.threads)
    tasks = resolve(config.tasks)
    samples = read_samples(dataset, "test")
    models = {
        "model": _of_model(config, dataset, joint, masks, tasks, samples),
        "single_task": _of_baselines(config, dataset, singles, tasks, samples),
    }
    tracker.progress(f"predicted {samples.rows} test rows for {len(tasks)} tasks")
    rows = test_rows(config, dataset)
    trivial = trivial_predictions(tasks, dataset.scan("train"), rows)
    metrics = judge(config.evaluate, tasks, rows, models, trivial, seed=config.seed)
    metrics["test_days"] = list(dataset.days("test"))
    with folder_aside(target) as folder:
        text = json.dumps(metrics, indent=1, allow_nan=False)
        (folder / METRICS_FILE).write_text(text + "\n", encoding="utf-8")
        _table(rows, models).write_parquet(folder / PREDICTIONS_FILE)
    _report(metrics, tracker)
    return Evaluation(target, metrics)


def open_evaluation(root: Path) -> Evaluation:
    """Opens a finished evaluation; ArtifactError where its metrics can't be read."""
    try:
        metrics = read_object(root, METRICS_FILE)
    except ArtifactError as error:
        raise ArtifactError(f"{root} isn't a whole evaluation: {error}; evaluate anew") from error
    return Evaluation(root, metrics)


def _of_model(
    config: Config,
    dataset: Dataset,
    joint: Checkpoint,
    masks: Mapping[str, Mask],
    tasks: tuple[Task, ...],
    samples: Samples,
) -> dict[str, Array]:
    names = [task.name for task in tasks]
    wanted = names if find(config.model.sharing).cut else []
    if set(masks) != set(wanted):
        raise ArtifactError(f"got masks of {sorted(masks)}, expected one of each of {wanted}")
    network = load_network(config, dataset, config.model.sharing, names, joint)
    for name, mask in masks.items():
        check_fits(mask, network.prunable(name))
    by_task = {name: mask.to(config.device).tensors for name, mask in masks.items()}
    return {name: predict(network, samples, name, by_task, device=config.device) for name in names}


def _of_baselines(
    config: Config,
    dataset: Dataset,
    singles: Mapping[str, Checkpoint],
    tasks: tuple[Task, ...],
    samples: Samples,
) -> dict[str, Array]:
    predictions = {}
    for name in (task.name for task in tasks if task.name in singles):
        network = load_network(config, dataset, "single_task", [name], singles[name])
        predictions[name] = predict(network, samples, name, {}, device=config.device)
    return predictions


def load_network(
    config: Config, dataset: Dataset, sharing: str, names: Sequence[str], checkpoint: Checkpoint
) -> Network:
    """Returns a trained network on the run's device; ArtifactError where it doesn't fit."""
    # What is drawn here is overwritten; the generator only keeps the global one untouched.
    source = generator(config.seed, "evaluate", sharing, *names)
    network = build(sharing, layout_of(dataset.features), config.model, names, source)
    load_weights(network, checkpoint.group("weights"))
    return network.to(config.device)


def test_rows(config: Config, dataset: Dataset) -> pl.DataFrame:
    """Returns keys, labels and the slices' columns of the test rows, in the samples' order."""
    scan = dataset.scan("test")
    present = scan.collect_schema().names()
    sliced = {slice_.column for slice_ in config.evaluate.slices}
    wanted = [
        name
        for name in present
        if name in {"row_id", "user", "item", *sliced} or name.startswith("label.")
    ]
    return scan.select(wanted).collect()


def _table(rows: pl.DataFrame, models: Predictions) -> pl.DataFrame:
    labels = [name for name in rows.columns if name.startswith("label.")]
    prefixes = {"model": "p", "single_task": "single"}
    predictions = [
        pl.Series(f"{prefixes[model]}.{task}", values)
        for model, by_task in models.items()
        for task, values in by_task.items()
    ]
    return rows.select("row_id", "user", *labels).with_columns(predictions)


def _report(metrics: Mapping[str, Any], tracker: Tracker) -> None:
    for name, task in metrics["tasks"].items():
        values = {f"{name}.{metric}": value for metric, value in task["model"].items()}
        baseline = task.get("single_task", {})
        values |= {f"{name}.single_task.{metric}": value for metric, value in baseline.items()}
        gain = task.get("mtl_gain", {})
        values |= {f"{name}.mtl_gain.{what}": value for what, value in gain.items()}
        tracker.log_metrics(values, 0)
        metric = task["metric"]
        if metric in task["model"]:
            said = f"MTL gain {gain['value']:+.5f}" if gain else "no MTL gain"
            tracker.progress(f"{name}: {metric} {task['model'][metric]:.5f}, {said}")
