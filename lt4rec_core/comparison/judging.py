"""Judges a trained arm on the test rows: the only place of an arm that opens them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import polars as pl

from lt4rec_core.comparison.training import TrainedArm
from lt4rec_core.config import Config
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.samples import read_samples
from lt4rec_core.metrics.judge import judge
from lt4rec_core.metrics.metric import Array
from lt4rec_core.stages.evaluate import load_network
from lt4rec_core.tasks import resolve
from lt4rec_core.training.predict import predict
from lt4rec_core.training.seeds import fix_threads

PREFIX = "p."


def predict_test(config: Config, dataset: Dataset, trained: TrainedArm) -> dict[str, Array]:
    """Returns each task's predictions [N] for the test rows, in the dataset's order."""
    fix_threads(config.threads)
    samples = read_samples(dataset, "test")
    masks = {name: mask.to(config.device).tensors for name, mask in trained.masks.items()}
    predictions = {}
    for names, checkpoint in trained.networks.items():
        network = load_network(config, dataset, config.model.sharing, names, checkpoint)
        for name in names:
            predictions[name] = predict(network, samples, name, masks, device=config.device)
    return {task.name: predictions[task.name] for task in resolve(config.tasks)}


def judge_test(
    config: Config, dataset: Dataset, predictions: Mapping[str, Array]
) -> tuple[dict[str, Any], pl.DataFrame]:
    """Returns the metrics by task, and the rows that they can be taken of once more.

    The rows have `row_id`, `user`, the labels, the slices' columns and `p.<task>`.
    Gains aren't among the metrics: they need another arm.
    """
    tasks = resolve(config.tasks)
    rows = test_rows(config, dataset)
    settings = dataclasses.replace(config.evaluate, bootstrap_replicates=0)
    judged = judge(settings, tasks, rows, {"model": predictions}, {}, seed=config.seed)
    metrics = {name: _of_model(task) for name, task in judged["tasks"].items()}
    columns = [pl.Series(f"{PREFIX}{name}", values) for name, values in predictions.items()]
    return metrics, rows.with_columns(columns)


def test_rows(config: Config, dataset: Dataset) -> pl.DataFrame:
    """Returns keys, labels and the slices' columns of the test rows, in the samples' order."""
    scan = dataset.scan("test")
    wanted = {"row_id", "user", "item", *(entry.column for entry in config.evaluate.slices)}
    names = [
        name
        for name in scan.collect_schema().names()
        if name in wanted or name.startswith("label.")
    ]
    return scan.select(names).collect()


def _of_model(judged: Mapping[str, Any]) -> dict[str, Any]:
    slices = {
        name: {"rows": part["rows"], "metrics": part["model"]}
        for name, part in judged["slices"].items()
    }
    return {
        "metric": judged["metric"],
        "rows": judged["rows"],
        "metrics": judged["model"],
        "slices": slices,
        "undefined": {
            name.removeprefix("model."): why
            for name, why in judged["undefined"].items()
            if name.startswith(("model.", "slices."))
        },
    }
