"""Metrics of all arms and seeds on the same rows, overall or on a slice."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lt4rec_core.comparison.gain import paired_gain
from lt4rec_core.comparison.settings import REFERENCE
from lt4rec_core.config import Config
from lt4rec_core.errors import ConfigError
from lt4rec_core.metrics import Metric, Undefined
from lt4rec_core.metrics import resolve as metric_named
from lt4rec_core.metrics.bootstrap import replicate_values
from lt4rec_core.metrics.judge import user_codes
from lt4rec_core.metrics.metric import Array
from lt4rec_core.metrics.trivial import population
from lt4rec_core.tasks import Task

ALL = "all"
Predictions = Mapping[str, Mapping[int, Array]]
"""Arm → seed → predictions [N] for one task."""


def members(config: Config, rows: pl.DataFrame, name: str) -> NDArray[np.bool_]:
    """Returns which rows [N] belong to `name`, "all" or one like "tab=0".

    Raises:
        ConfigError: no slice of `evaluate.slices` has this name, or the dataset not its column.
    """
    if name == ALL:
        return np.ones(rows.height, dtype=bool)
    label, _, value = name.partition("=")
    columns = {entry.name: entry.column for entry in config.evaluate.slices}
    if label not in columns or columns[label] not in rows.columns:
        raise ConfigError(
            f"[comparison] slices names {name!r}; expected <slice>=<value> with one of "
            f"[[evaluate.slices]], {sorted(columns)}, whose column the dataset has"
        )
    column = rows[columns[label]]
    text = column.cast(pl.Utf8).str.to_lowercase() if column.dtype == pl.Boolean else column
    return (text.cast(pl.Utf8) == value).fill_null(False).to_numpy()


@dataclass
class Measured:
    """One task on some rows: each arm's metric by seed, and under drawn users.

    The draws are made once an arm and seed, and are the same for all of them.
    """

    metric: Metric
    labels: Array
    users: NDArray[np.int64]
    predictions: Predictions
    replicates: int
    confidence: float
    seed: int

    def __post_init__(self) -> None:
        self._drawn: dict[tuple[str, int], Array] = {}
        self.undefined: dict[str, str] = {}
        self.values: dict[str, dict[int, float]] = {}
        for arm, by_seed in self.predictions.items():
            try:
                self.values[arm] = {
                    seed: self.metric.compute(self.labels, values, self.users)
                    for seed, values in by_seed.items()
                }
            except Undefined as error:
                self.undefined[arm] = error.reason

    def gain(self, arm: str, rival: str) -> dict[str, Any] | None:
        """Returns the gain of `arm` over `rival` over their common seeds; see `paired_gain`."""
        if arm not in self.values or rival not in self.values:
            return None
        seeds = [seed for seed in self.values[arm] if seed in self.values[rival]]
        if not seeds:
            return None
        try:
            drawn = [np.stack([self._draw(a, seed) for seed in seeds]) for a in (arm, rival)]
        except Undefined as error:
            self.undefined[f"{arm} under drawn users"] = error.reason
            drawn = []
        return {
            "seeds": seeds,
            **paired_gain(
                self.metric,
                [self.values[arm][seed] for seed in seeds],
                [self.values[rival][seed] for seed in seeds],
                drawn[0] if drawn else None,
                drawn[1] if drawn else None,
                self.confidence,
            ),
        }

    def _draw(self, arm: str, seed: int) -> Array:
        key = (arm, seed)
        if key not in self._drawn:
            self._drawn[key] = replicate_values(
                self.metric,
                self.labels,
                self.predictions[arm][seed],
                self.users,
                replicates=self.replicates,
                seed=self.seed,
            )
        return self._drawn[key]


def values_of(measured: Measured, arm: str) -> dict[str, Any]:
    """Returns the arm's `values` by seed, `mean`, `spread`, and `mtl_gain` if it has one."""
    values = list(measured.values[arm].values())
    said: dict[str, Any] = {"values": values, "mean": statistics.fmean(values)}
    if len(values) > 1:
        said["spread"] = statistics.stdev(values)
    gain = measured.gain(arm, REFERENCE) if arm != REFERENCE else None
    return said | ({"mtl_gain": gain} if gain else {})


def measure(
    config: Config, task: Task, rows: pl.DataFrame, predictions: Predictions, part: str
) -> Measured:
    """Measures one task on the rows of its population that belong to `part`."""
    known = rows.select(pl.lit(True), population(task).alias("known"))["known"]
    chosen_N = known.fill_null(False).to_numpy() & members(config, rows, part)
    return Measured(
        metric=metric_named(task.metric),
        labels=rows[f"label.{task.label}"].cast(pl.Float64).to_numpy()[chosen_N],
        users=user_codes(rows)[chosen_N],
        predictions={
            arm: {seed: values[chosen_N] for seed, values in by_seed.items()}
            for arm, by_seed in predictions.items()
        },
        replicates=config.evaluate.bootstrap_replicates,
        confidence=config.evaluate.confidence,
        seed=config.seed,
    )
