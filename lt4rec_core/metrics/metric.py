"""What a metric is: one number from labels and predictions, or a reason why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lt4rec_core.errors import ArtifactError, LT4RECError

Array = NDArray[np.float64]
Codes = NDArray[np.int64]


class Undefined(LT4RECError):  # noqa: N818 - it is an outcome that callers report, not a fault
    """A metric has no value on these rows; `reason` says why, for the report."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Compute(Protocol):
    """Labels, predictions, optional groups (users) and row weights, each [N] → a float.

    Raises `Undefined` where the metric has no value.
    """

    def __call__(
        self,
        labels_N: NDArray[np.generic],
        predictions_N: NDArray[np.generic],
        groups_N: NDArray[np.generic] | None = None,
        weights_N: NDArray[np.generic] | None = None,
    ) -> float:
        """Returns the metric's value."""


Resampled = Callable[[NDArray[np.int64]], Array]
"""How often each user was drawn in each replicate, [R, U] → the metric, [R]; NaN if undefined."""


class Resample(Protocol):
    """Prepares a metric for the bootstrap: sorts and sums once, answers for every replicate.

    `users_N` holds user codes 0 … U-1.
    """

    def __call__(self, labels_N: Array, predictions_N: Array, users_N: Codes) -> Resampled:
        """Returns the metric as a function of how often each user is drawn."""


@dataclass(frozen=True)
class Metric:
    """A named metric.

    Attributes:
        name: its key in the registry, in metrics.json and in gate rules.
        higher_is_better: the direction in which it improves.
        compute: its value; see `Compute`.
        resample: the same under a bootstrap over users, faster; without it the
            bootstrap calls `compute` with row weights.
        needs_groups: it is undefined without `groups_N`.
    """

    name: str
    higher_is_better: bool
    compute: Compute
    resample: Resample | None = None
    needs_groups: bool = False

    def gain(self, value: float, reference: float) -> float:
        """How much better `value` is than `reference` (paper, Eq. 3); positive is better."""
        return value - reference if self.higher_is_better else reference - value


def checked(
    labels_N: NDArray[np.generic],
    predictions_N: NDArray[np.generic],
    weights_N: NDArray[np.generic] | None,
) -> tuple[Array, Array, Array]:
    """Returns the three as float64, weights of 1 by default.

    Raises:
        ArtifactError: they differ in length.
        Undefined: there are no rows, or values that aren't finite.
    """
    labels = np.asarray(labels_N, dtype=np.float64)
    predictions = np.asarray(predictions_N, dtype=np.float64)
    weights = np.ones(len(labels)) if weights_N is None else np.asarray(weights_N, np.float64)
    if not labels.shape == predictions.shape == weights.shape or labels.ndim != 1:
        raise ArtifactError(
            f"a metric was given labels, predictions and weights of shapes {labels.shape}, "
            f"{predictions.shape} and {weights.shape}; expected one value a row"
        )
    if not weights.sum() > 0:
        raise Undefined("no rows")
    for what, values in (("labels", labels), ("predictions", predictions)):
        broken = int(np.count_nonzero(~np.isfinite(values)))
        if broken:
            raise Undefined(f"{broken} of {len(values)} {what} aren't finite numbers")
    return labels, predictions, weights


def checked_binary(
    labels_N: NDArray[np.generic],
    predictions_N: NDArray[np.generic],
    weights_N: NDArray[np.generic] | None,
) -> tuple[Array, Array, Array]:
    """As `checked`; Undefined too where a label is neither 0 nor 1."""
    labels, predictions, weights = checked(labels_N, predictions_N, weights_N)
    if not np.all((labels == 0.0) | (labels == 1.0)):
        raise Undefined("labels aren't 0 or 1")
    return labels, predictions, weights


def user_codes(users_N: NDArray[np.generic]) -> Codes:
    """Returns the users as codes from 0 on, [N], in their order; a code may stand for nobody.

    Whole numbers that lie close together only have their smallest taken off: finding the
    different ones among 50 M rows takes a quarter of a minute.
    """
    users = np.asarray(users_N)
    if len(users) and np.issubdtype(users.dtype, np.integer):
        first, last = int(users.min()), int(users.max())
        if last - first < 2 * len(users) and last < 2**63:
            return users.astype(np.int64) - first
    return np.unique(users, return_inverse=True)[1].astype(np.int64)
