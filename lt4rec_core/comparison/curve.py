"""Metric against the share of weights left, per pruning round and over seeds (paper, Fig. 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lt4rec_core.comparison.gain import paired_gain, with_interval
from lt4rec_core.comparison.result import Result
from lt4rec_core.metrics import resolve


def curves(results: Sequence[Result], confidence: float) -> dict[str, Any]:
    """Returns, by arm with masks and by task, `metric`, `chosen` and `points`.

    A point is a pruning round: `round`, `density` (mean over seeds), `values` by seed on
    the validation rows with `mean`, `spread`, `low` and `high` over seeds, and
    `against_dense`, the paired gain over round 0. `chosen` is the round kept, by seed. A
    task is absent whose metric isn't defined on the validation rows.
    """
    arms = dict.fromkeys(result.arm for result in results if _has_rounds(result))
    found: dict[str, Any] = {}
    for arm in arms:
        masks_S = [result.record["masks"] for result in results if result.arm == arm]
        for task in masks_S[0]:
            of_task_S = [masks[task] for masks in masks_S]
            if all(entry["value"] is not None for m in of_task_S for entry in m["rounds"]):
                found.setdefault(arm, {})[task] = _curve(of_task_S, confidence)
    return found


def _has_rounds(result: Result) -> bool:
    masks = result.record["masks"]
    return bool(masks) and all("rounds" in mask for mask in masks.values())


def _curve(masks_S: Sequence[Mapping[str, Any]], confidence: float) -> dict[str, Any]:
    rounds_SR = [mask["rounds"] for mask in masks_S]
    metric = resolve(rounds_SR[0][0]["metric"])
    dense_S = [rounds[0]["value"] for rounds in rounds_SR]
    points = []
    for entries_S in zip(*rounds_SR, strict=True):
        values_S = [entry["value"] for entry in entries_S]
        gain = paired_gain(metric, values_S, dense_S, None, None, confidence)
        points.append(
            {
                "round": entries_S[0]["round"],
                "density": sum(entry["density"] for entry in entries_S) / len(entries_S),
                "values": values_S,
                **with_interval(values_S, confidence),
                "against_dense": {k: gain[k] for k in ("mean", "low", "high") if k in gain},
            }
        )
    return {
        "metric": metric.name,
        "chosen": [mask["round"] for mask in masks_S],
        "points": points,
    }
