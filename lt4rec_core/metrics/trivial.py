"""What a model must beat: predictors that know a rate of the training days and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from lt4rec_core.metrics.metric import Array
from lt4rec_core.tasks import EVERY_IMPRESSION, Task

PRIOR_ROWS = 20.0
"""A rate starts as if this many rows at the global mean had been seen."""

RATES = {"item_rate": "item", "user_rate": "user"}
"""Predictor → the column whose values it knows rates of."""


def population(task: Task) -> pl.Expr:
    """Returns the condition for the rows on which the task's label is known."""
    if task.population == EVERY_IMPRESSION:
        return pl.lit(True)
    return pl.col(f"label.{task.population}") == 1


def trivial_predictions(
    tasks: Sequence[Task], train: pl.LazyFrame, rows: pl.DataFrame
) -> dict[str, dict[str, Array]]:
    """Returns predictor → task → predictions [N] for `rows`, fitted on `train` alone.

    `mean` always says the mean label, `item_rate` and `user_rate` the smoothed mean
    label of the row's item or user, and the global mean for those never seen.
    """
    predictions: dict[str, dict[str, Array]] = {"mean": {}, **{name: {} for name in RATES}}
    for task in tasks:
        known = train.filter(population(task))
        mean = _mean(known, task)
        predictions["mean"][task.name] = np.full(rows.height, mean)
        for name, column in RATES.items():
            predictions[name][task.name] = _rates(known, task, column, mean, rows)
    return predictions


def _mean(known: pl.LazyFrame, task: Task) -> float:
    label = pl.col(f"label.{task.label}").cast(pl.Float64)
    mean = known.select(label.mean()).collect(engine="streaming").item()
    return float("nan") if mean is None else float(mean)


def _rates(known: pl.LazyFrame, task: Task, column: str, mean: float, rows: pl.DataFrame) -> Array:
    label = pl.col(f"label.{task.label}").cast(pl.Float64)
    smoothed = (label.sum() + PRIOR_ROWS * mean) / (label.count() + PRIOR_ROWS)
    rates = (
        known.filter(pl.col(column).is_not_null())
        .group_by(column)
        .agg(smoothed.alias("rate"))
        .collect(engine="streaming")
    )
    joined = rows.select(column).join(rates, on=column, how="left", maintain_order="left")
    return joined["rate"].fill_null(mean).to_numpy()
