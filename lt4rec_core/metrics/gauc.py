"""GAUC: the AUC inside each user's impressions, averaged by impressions over users."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lt4rec_core.metrics.metric import (
    Array,
    Codes,
    Metric,
    Resampled,
    Undefined,
    checked_binary,
    user_codes,
)
from lt4rec_core.metrics.row_mean import weighted_ratio


def compute(
    labels_N: NDArray[np.generic],
    predictions_N: NDArray[np.generic],
    groups_N: NDArray[np.generic] | None = None,
    weights_N: NDArray[np.generic] | None = None,
) -> float:
    """Returns Σ_u w_u · AUC_u / Σ_u w_u over the users with both classes; w_u = their weight.

    Raises:
        Undefined: no groups, labels aren't 0 or 1, or no user has both classes.

    Source: Zhu et al., "Optimized Cost per Click in Taobao Display Advertising" (KDD 2017).
    """
    labels, predictions, weights = checked_binary(labels_N, predictions_N, weights_N)
    if groups_N is None:
        raise Undefined("no groups: the AUC within users needs to know the user of each row")
    areas_U, masses_U = _areas(labels, predictions, user_codes(groups_N), weights)
    if not masses_U.sum() > 0:
        raise Undefined("no user has both classes")
    # No product of BLAS, whose last digit is another one on another processor.
    return float((areas_U * masses_U).sum() / masses_U.sum())


def resample(labels_N: Array, predictions_N: Array, users_N: Codes) -> Resampled:
    """Drawing a user twice counts his AUC twice, so sums per user are all it takes."""
    areas_U, masses_U = _areas(labels_N, predictions_N, users_N, np.ones(len(labels_N)))
    return weighted_ratio(areas_U * masses_U, masses_U)


def _areas(
    labels_N: Array, predictions_N: Array, users_N: Codes, weights_N: Array
) -> tuple[Array, Array]:
    """Returns each user's AUC [U] and weight [U], both 0 for users with one class only."""
    order = np.argsort(predictions_N)
    # Places in that order rise with the score, so one sort of whole numbers, a user's bits
    # above a place's, puts each user's rows side by side: a fifth of a lexsort's time.
    bits = len(order).bit_length()
    keys = (users_N[order] << bits) | np.arange(len(order))
    keys.sort()
    users, order = keys >> bits, order[keys & ((1 << bits) - 1)]
    scores = predictions_N[order]
    positive = np.where(labels_N[order] == 1.0, weights_N[order], 0.0)
    negative = weights_N[order] - positive
    new_user = np.concatenate([[True], users[1:] != users[:-1]])
    starts = np.flatnonzero(new_user | np.concatenate([[True], scores[1:] != scores[:-1]]))
    # One entry a tie: equal scores of one user share the midrank.
    tied_users = users[starts]
    tied_positive = np.add.reduceat(positive, starts)
    tied_negative = np.add.reduceat(negative, starts)
    before = np.cumsum(tied_negative) - tied_negative
    first_of_user = np.flatnonzero(new_user[starts])
    before -= np.repeat(before[first_of_user], np.diff([*first_of_user, len(starts)]))
    pairs_U = np.bincount(tied_users, weights=tied_positive * (before + tied_negative / 2))
    positive_U = np.bincount(users, weights=positive)
    negative_U = np.bincount(users, weights=negative)
    possible_U = positive_U * negative_U
    areas_U = np.divide(pairs_U, possible_U, out=np.zeros_like(pairs_U), where=possible_U > 0)
    return areas_U, np.where(possible_U > 0, positive_U + negative_U, 0.0)


GAUC = Metric(
    name="gauc", higher_is_better=True, compute=compute, resample=resample, needs_groups=True
)
