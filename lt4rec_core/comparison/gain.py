"""How much better one arm is than another, and how sure that is.

Two things vary: the seed (drawing, shuffling) and the users of the test day. Gains are
paired in both: an arm and its rival are trained with the same seed and judged on the
same users. With S seeds, gains d_s and their mean d:

* over seeds: d ± h, with h = t(S - 1) · sqrt(var(d_s) / S);
* over users: per seed, the percentile interval of d_s under users drawn again and again,
  and for the mean d ± u, with u = z · its standard deviation over draws (the same draw
  for all seeds);
* combined: d ± sqrt(h² + u²). The two errors are independent, so they add as squares; the
  result is never narrower than either.

With one seed only the users' interval is left, and says nothing about other seeds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lt4rec_core.metrics.metric import Array, Metric


def paired_gain(
    metric: Metric,
    values_S: Sequence[float],
    reference_S: Sequence[float],
    replicates_SR: Array | None,
    reference_SR: Array | None,
    confidence: float,
) -> dict[str, Any]:
    """Returns the gain of an arm over a rival as plain values.

    Args:
        metric: says which way is better.
        values_S: the arm's metric, a seed each.
        reference_S: the rival's, with the same seeds.
        replicates_SR: the arm's metric over R draws of users; None without draws.
        reference_SR: the rival's, on the same draws.
        confidence: of all intervals, like 0.95.

    Returns:
        `mean`, `spread` (standard deviation over seeds), `by_seed`, `relative` (to the
        rival's mean), `low` and `high` (combined), `over_seeds` and `over_users` as
        intervals or lists of them; what can't be said is absent.
    """
    gains_S = np.array([metric.gain(*pair) for pair in zip(values_S, reference_S, strict=True)])
    mean, seeds = float(gains_S.mean()), len(gains_S)
    said: dict[str, Any] = {"mean": mean, "by_seed": gains_S.tolist()}
    of_seeds = of_users = 0.0
    if seeds > 1:
        of_seeds = reach_over_seeds(gains_S.tolist(), confidence)
        said["spread"] = float(gains_S.std(ddof=1))
        said["over_seeds"] = [mean - of_seeds, mean + of_seeds]
    if replicates_SR is not None and reference_SR is not None:
        gains_SR = (replicates_SR - reference_SR) * (1 if metric.higher_is_better else -1)
        said["over_users"] = [_middle(gains_R, confidence) for gains_R in gains_SR]
        of_users = _normal(confidence) * float(np.nanstd(gains_SR.mean(axis=0), ddof=1))
    if seeds > 1:
        reach = math.hypot(of_seeds, of_users)
        said["low"], said["high"] = mean - reach, mean + reach
    elif "over_users" in said:
        said["low"], said["high"] = said["over_users"][0]
    base = abs(float(np.mean(reference_S)))
    if base > 0:
        said["relative"] = {
            name: said[name] / base for name in ("mean", "low", "high") if name in said
        }
    return said


def with_interval(values_S: Sequence[float], confidence: float) -> dict[str, float]:
    """Returns `mean`, and with several seeds `spread`, `low` and `high` over them."""
    mean = float(np.mean(values_S))
    if len(values_S) == 1:
        return {"mean": mean}
    reach = reach_over_seeds(values_S, confidence)
    spread = float(np.std(values_S, ddof=1))
    return {"mean": mean, "spread": spread, "low": mean - reach, "high": mean + reach}


def reach_over_seeds(values_S: Sequence[float], confidence: float) -> float:
    """Returns how far the interval of the values' mean reaches to either side; S > 1."""
    from scipy.special import stdtrit

    degrees = len(values_S) - 1
    student = float(stdtrit(degrees, (1 + confidence) / 2))
    return float(student * np.std(values_S, ddof=1) / len(values_S) ** 0.5)


def _normal(confidence: float) -> float:
    from scipy.special import ndtri

    return float(ndtri((1 + confidence) / 2))


def _middle(gains_R: Array, confidence: float) -> list[float]:
    tail = (1 - confidence) / 2
    low, high = np.quantile(gains_R[np.isfinite(gains_R)], [tail, 1 - tail])
    return [float(low), float(high)]
