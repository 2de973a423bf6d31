"""Whether the mechanism works as claimed: tasks that have less in common should share less.

In worlds that differ by nothing but the planted conflict, the masks' overlap must fall as
the tasks drift apart, and the gain of connection_share over full_share must grow. Both are
judged by the slope of a straight line over `apart`, fitted for each seed, with the interval
of the slopes' mean over seeds. A conflict of 1 isn't further apart than one of 0: opposite
tastes need the same features with the other sign, which an output layer of their own gives.

Dense masks overlap more than sparse ones whatever they are, so the overlap is also told
less that of random masks of the same densities.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import cos, pi
from typing import Any

import numpy as np

from lt4rec_core.comparison.gain import with_interval
from lt4rec_core.comparison.settings import SUBJECT
from lt4rec_core.report.overlap import by_chance

RIVAL = "full_share"


def apart(conflict: float) -> float:
    """Returns how little two tasks have in common, in [0, 1]: 1 - |cos(pi · conflict)|.

    This is one less the absolute correlation of what pleases users in the two, see
    `lt4rec_core.data.synthetic.world.turned`.
    """
    return 1.0 - abs(cos(pi * conflict))


def against_conflict(worlds: Mapping[str, Mapping[str, Any]], confidence: float) -> dict[str, Any]:
    """Returns what is found over the worlds of each group.

    Args:
        worlds: summary of each world, with its `conflict` and `group`.
        confidence: of the intervals.

    Returns:
        By group, `overlap` and `beyond_chance`, by pair of tasks, and `gain`, by task.
        Each entry has `points` (a world each: `world`, `conflict`, `apart`, `by_seed`, `mean`,
        and `low` and `high` where known) and, with two levels or more, `slope`: the change
        from tasks that agree to unrelated ones, with `mean`, and over several seeds `low`
        and `high`.
    """
    groups: dict[str, dict[str, Mapping[str, Any]]] = {}
    for name, summary in worlds.items():
        groups.setdefault(summary["group"], {})[name] = summary
    return {group: _of_group(members, confidence) for group, members in groups.items()}


def _of_group(worlds: Mapping[str, Mapping[str, Any]], confidence: float) -> dict[str, Any]:
    ordered = sorted(worlds.items(), key=lambda entry: apart(entry[1]["conflict"]))
    overlaps: dict[str, list[dict[str, Any]]] = {}
    beyond: dict[str, list[dict[str, Any]]] = {}
    gains: dict[str, list[dict[str, Any]]] = {}
    for name, summary in ordered:
        level = round(apart(summary["conflict"]), 4)
        place = {"world": name, "conflict": summary["conflict"], "apart": level}
        arm = summary["arms"].get(SUBJECT)
        for pair in arm["overlap"][0] if arm else ():
            shared = [overlap[pair] for overlap in arm["overlap"]]
            chance = [
                by_chance(*(masks[task]["density"] for task in pair.split("/")))
                for masks in arm["masks"]
            ]
            more = [one - other for one, other in zip(shared, chance, strict=True)]
            for lines, values in ((overlaps, shared), (beyond, more)):
                by_seed = dict(zip(map(str, arm["seeds"]), values, strict=True))
                known = with_interval(values, confidence)
                lines.setdefault(pair, []).append({**place, "by_seed": by_seed, **known})
        for task, judged in summary["parts"]["all"].items():
            found = judged["versus"].get(RIVAL)
            if found:
                by_seed = dict(zip(map(str, found["seeds"]), found["by_seed"], strict=True))
                known = {key: found[key] for key in ("mean", "low", "high") if key in found}
                gains.setdefault(task, []).append({**place, "by_seed": by_seed, **known})
    return {
        "overlap": {pair: _line(points, confidence) for pair, points in overlaps.items()},
        "beyond_chance": {pair: _line(points, confidence) for pair, points in beyond.items()},
        "gain": {task: _line(points, confidence) for task, points in gains.items()},
    }


def _line(points: Sequence[Mapping[str, Any]], confidence: float) -> dict[str, Any]:
    levels = [point["apart"] for point in points]
    seeds = [seed for seed in points[0]["by_seed"] if all(seed in p["by_seed"] for p in points)]
    if len(set(levels)) < 2 or not seeds:
        return {"points": list(points)}
    slopes = [
        float(np.polyfit(levels, [point["by_seed"][seed] for point in points], 1)[0])
        for seed in seeds
    ]
    return {"points": list(points), "slope": with_interval(slopes, confidence)}
