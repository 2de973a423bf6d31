"""Judges predictions on the test rows: metrics, gains with intervals, calibration, slices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lt4rec_core.config import Evaluate, Slice
from lt4rec_core.errors import ConfigError
from lt4rec_core.metrics.bootstrap import gain_interval, metric_interval
from lt4rec_core.metrics.calibration import calibration_curve
from lt4rec_core.metrics.events import count_events
from lt4rec_core.metrics.metric import Array, Codes, Metric, Undefined
from lt4rec_core.metrics.registry import METRICS, resolve
from lt4rec_core.metrics.trivial import population
from lt4rec_core.tasks import Task

Predictions = Mapping[str, Mapping[str, NDArray[np.generic]]]
"""Model → task → predictions [N], in the rows' order."""


def judge(
    settings: Evaluate,
    tasks: Sequence[Task],
    rows: pl.DataFrame,
    models: Predictions,
    trivial: Predictions,
    *,
    seed: int,
) -> dict[str, Any]:
    """Returns the content of metrics.json but for the days: plain values, never a NaN.

    What has no value is absent, and `undefined` says why under its dotted name.

    Args:
        settings: slices, replicates, confidence, bins.
        tasks: the run's tasks, each judged on its own population.
        rows: the N test rows: `user`, `label.*` and the slices' columns.
        models: predictions of "model" and, where there is a baseline, "single_task".
        trivial: predictions of the trivial predictors, by name.
        seed: of the bootstrap.

    Raises:
        ConfigError: a slice names a column that the rows lack.
    """
    users_N = user_codes(rows)
    return {
        "tasks": {
            task.name: _judge_task(
                settings, task, rows, _sample_of(task, rows, users_N, models, trivial), seed
            )
            for task in tasks
        },
        "rows": rows.height,
        "users": len(np.unique(users_N)),
        "replicates": settings.bootstrap_replicates,
        "confidence": settings.confidence,
    }


def user_codes(rows: pl.DataFrame) -> Codes:
    """Returns an integer a user [N]; rows without a user are each a user of their own."""
    codes = rows.select(pl.col("user").rank("dense").cast(pl.Int64)).to_series()
    own = -1 - np.arange(rows.height, dtype=np.int64)
    return np.where(codes.is_null().to_numpy(), own, codes.fill_null(0).to_numpy())


@dataclass(frozen=True)
class _Sample:
    """One task's rows with everything that is judged on them, each array [N]."""

    metric: Metric
    binary: bool
    labels: Array
    users: Codes
    models: Mapping[str, NDArray[np.generic]]
    trivial: Mapping[str, NDArray[np.generic]]

    def at(self, rows_N: NDArray[np.bool_]) -> _Sample:
        """Returns the sample of the rows that are marked."""
        return _Sample(
            metric=self.metric,
            binary=self.binary,
            labels=self.labels[rows_N],
            users=self.users[rows_N],
            models={name: values[rows_N] for name, values in self.models.items()},
            trivial={name: values[rows_N] for name, values in self.trivial.items()},
        )


def _sample_of(
    task: Task, rows: pl.DataFrame, users_N: Codes, models: Predictions, trivial: Predictions
) -> _Sample:
    def of_task(predictions: Predictions) -> dict[str, NDArray[np.generic]]:
        return {name: by[task.name] for name, by in predictions.items() if task.name in by}

    return _Sample(
        metric=resolve(task.metric),
        binary=task.binary,
        labels=rows[f"label.{task.label}"].cast(pl.Float64).to_numpy(),
        users=users_N,
        models=of_task(models),
        trivial=of_task(trivial),
    )


def _judge_task(
    settings: Evaluate, task: Task, rows: pl.DataFrame, sample: _Sample, seed: int
) -> dict[str, Any]:
    known = rows.select("user", population(task).alias("known"))["known"]
    known_N = known.fill_null(False).to_numpy()
    everyone = sample.at(known_N)
    judged = _judge_sample(settings, everyone, seed)
    undefined: dict[str, str] = judged.pop("undefined")
    trivial = {
        name: _metrics(everyone, values, f"trivial.{name}", undefined)
        for name, values in everyone.trivial.items()
    }
    calibration = {
        name: _calibration(settings, everyone.labels, values, f"calibration.{name}", undefined)
        for name, values in everyone.models.items()
    }
    slices = {}
    for slice_ in settings.slices:
        small = []
        for value, members_N in _members(rows, slice_):
            part = sample.at(known_N & members_N)
            if len(part.labels) >= slice_.min_rows:
                slices[f"{slice_.name}={value}"] = _judge_sample(settings, part, seed)
            elif len(part.labels):
                small.append(len(part.labels))
        if small:
            undefined[f"slices.{slice_.name}"] = (
                f"values with fewer than {slice_.min_rows} rows aren't judged: "
                f"{len(small)} of them, {sum(small)} rows in all"
            )
    return {
        "metric": task.metric,
        **judged,
        "interval": _interval(settings, everyone, seed, undefined),
        "trivial": trivial,
        "calibration": calibration,
        "slices": slices,
        "undefined": undefined,
    }


def _judge_sample(settings: Evaluate, sample: _Sample, seed: int) -> dict[str, Any]:
    undefined: dict[str, str] = {}
    judged: dict[str, Any] = {"rows": len(sample.labels)}
    if sample.binary:
        judged["events"] = count_events(sample.labels)
    for name, values in sample.models.items():
        judged[name] = _metrics(sample, values, name, undefined)
    if "single_task" not in judged:
        undefined["single_task"] = "no single-task baseline was given"
    gain = _gain(settings, sample, judged, seed, undefined)
    return judged | ({"mtl_gain": gain} if gain else {}) | {"undefined": undefined}


def _interval(
    settings: Evaluate, sample: _Sample, seed: int, undefined: dict[str, str]
) -> dict[str, float]:
    """Of the model's own metric, over drawn users; empty where there is none."""
    try:
        found = metric_interval(
            sample.metric,
            sample.labels,
            sample.models["model"],
            sample.users,
            replicates=settings.bootstrap_replicates,
            confidence=settings.confidence,
            seed=seed,
        )
    except Undefined as error:
        undefined["interval"] = error.reason
        return {}
    return {"low": found.low, "high": found.high}


def _metrics(
    sample: _Sample, predictions_N: NDArray[np.generic], prefix: str, undefined: dict[str, str]
) -> dict[str, float]:
    values = {}
    for name, metric in METRICS.items():
        try:
            values[name] = metric.compute(sample.labels, predictions_N, sample.users)
        except Undefined as error:
            undefined[f"{prefix}.{name}"] = error.reason
    return values


def _gain(
    settings: Evaluate,
    sample: _Sample,
    judged: Mapping[str, Any],
    seed: int,
    undefined: dict[str, str],
) -> dict[str, float]:
    """Paper, Eq. 3, and the same as a share of the baseline's value."""
    metric = sample.metric
    values = [judged.get(name, {}).get(metric.name) for name in ("model", "single_task")]
    if None in values:
        undefined["mtl_gain"] = f"{metric.name} isn't known of both the model and the baseline"
        return {}
    gain = {"value": metric.gain(*values)}
    if values[1] != 0:
        gain["relative"] = gain["value"] / abs(values[1])
    try:
        interval = gain_interval(
            metric,
            sample.labels,
            sample.models["model"],
            sample.models["single_task"],
            sample.users,
            replicates=settings.bootstrap_replicates,
            confidence=settings.confidence,
            seed=seed,
        )
    except Undefined as error:
        undefined["mtl_gain.low"] = undefined["mtl_gain.high"] = error.reason
        return gain
    return gain | {"low": interval.low, "high": interval.high}


def _calibration(
    settings: Evaluate,
    labels_N: Array,
    predictions_N: NDArray[np.generic],
    name: str,
    undefined: dict[str, str],
) -> list[dict[str, float]]:
    try:
        curve = calibration_curve(labels_N, predictions_N, bins=settings.calibration_bins)
    except Undefined as error:
        undefined[name] = error.reason
        return []
    bins = zip(curve.predicted, curve.observed, curve.mass, strict=True)
    return [
        {"predicted": float(predicted), "observed": float(observed), "rows": int(mass)}
        for predicted, observed, mass in bins
    ]


def _members(rows: pl.DataFrame, slice_: Slice) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Gives each value of the slice's column and which rows have it, in the values' order.

    Missing counts as a value; a row with several values belongs to each of them.
    """
    if slice_.column not in rows.columns:
        raise ConfigError(
            f"slice {slice_.name!r} needs the column {slice_.column!r}, which the dataset lacks; "
            f"it has {sorted(rows.columns)}"
        )
    column = rows[slice_.column]
    several = isinstance(column.dtype, pl.List)
    for value in (column.explode() if several else column).drop_nulls().unique().sort():
        has = column.list.contains(value) if several else column == value
        text = str(value).lower() if isinstance(value, bool) else str(value)
        yield text, has.fill_null(False).to_numpy()
    missing = column.is_null() | (column.list.len() == 0) if several else column.is_null()
    yield "missing", missing.fill_null(True).to_numpy()
