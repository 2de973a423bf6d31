"""Metrics that are a mean of one value a row: squared error, absolute error, log loss."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lt4rec_core.metrics.metric import Array, Codes, Compute, Resample, Resampled, checked

PerRow = Callable[[Array, Array], Array]
"""Labels and predictions, [N] → the value of each row, [N]."""


def mean_of(per_row: PerRow) -> Compute:
    """Returns the weighted mean of `per_row` as a metric's `compute`."""

    def compute(
        labels_N: NDArray[np.generic],
        predictions_N: NDArray[np.generic],
        groups_N: NDArray[np.generic] | None = None,  # noqa: ARG001 - the protocol's
        weights_N: NDArray[np.generic] | None = None,
    ) -> float:
        labels, predictions, weights = checked(labels_N, predictions_N, weights_N)
        return float(np.average(per_row(labels, predictions), weights=weights))

    return compute


def resampled_mean_of(per_row: PerRow) -> Resample:
    """Returns the bootstrap of the mean: sums and counts of rows per user are all it takes."""

    def resample(labels_N: Array, predictions_N: Array, users_N: Codes) -> Resampled:
        values = per_row(labels_N, predictions_N)
        sums_U = np.bincount(users_N, weights=values).astype(np.float64)
        rows_U = np.bincount(users_N).astype(np.float64)
        return weighted_ratio(sums_U, rows_U)

    return resample


def weighted_ratio(sums_U: Array, masses_U: Array) -> Resampled:
    """Returns draws [R, U] → Σ draws·sums / Σ draws·masses, [R]; NaN without mass."""

    def ratio(draws_RU: NDArray[np.int64]) -> Array:
        draws = draws_RU.astype(np.float64)
        mass = draws @ masses_U
        out = np.full(len(draws), np.nan)
        np.divide(draws @ sums_U, mass, out=out, where=mass > 0)
        return out

    return ratio
