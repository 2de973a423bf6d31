"""What the masks share, over all seeds: means and spreads of `lt4rec_core.comparison.anatomy`."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from lt4rec_core.comparison.anatomy import Kept, Shares, dissect, taken_over
from lt4rec_core.comparison.result import Result
from lt4rec_core.comparison.settings import SUBJECT
from lt4rec_core.report.overlap import MASK_FILE

_OF_ALL_ARMS = ("layers", "inputs")


def sharing(results: Sequence[Result], fields: Sequence[str]) -> dict[str, Any]:
    """Returns, by arm with masks, the parts of its network that `dissect` tells apart.

    Each part has `shares`, by set of tasks with `mean` and `spread` over seeds, and
    `taken`: task → other task → `mean`, `spread` and `chance` of what the other takes over
    of the first's connections. Fields and crossings are told of connection_share only.
    """
    arms = dict.fromkeys(result.arm for result in results if result.record["masks"])
    told = {}
    for arm in arms:
        own = [result for result in results if result.arm == arm]
        parts = {name: groups for name, groups in _of_arm(own, fields).items() if groups}
        told[arm] = (
            parts if arm == SUBJECT else {k: v for k, v in parts.items() if k in _OF_ALL_ARMS}
        )
    return told


def _of_arm(results: Sequence[Result], fields: Sequence[str]) -> dict[str, Any]:
    tasks = list(results[0].record["masks"])
    by_seed = []
    for result in results:
        model = result.record["settings"]["model"]
        by_seed.append(dissect(_masks(result), fields, model["embedding_dim"], model["crossing"]))
    return {
        part: {
            group: over_seeds([found[part][group] for found in by_seed], tasks) for group in groups
        }
        for part, groups in by_seed[0].items()
    }


def _masks(result: Result) -> dict[str, dict[str, Kept]]:
    """Reads the masks that lie beside an arm's record."""
    from safetensors.numpy import load_file

    files = {t: result.root / "masks" / t / MASK_FILE for t in result.record["masks"]}
    return {
        task: {name: kept.astype(bool) for name, kept in load_file(file).items()}
        for task, file in files.items()
    }


def over_seeds(found_S: Sequence[Shares], tasks: Sequence[str]) -> dict[str, Any]:
    """Returns `shares` and `taken` of one part of the network; see `sharing`."""
    names = dict.fromkeys(name for found in found_S for name in found)
    return {
        "shares": {name: _spread([found.get(name, 0.0) for found in found_S]) for name in names},
        "taken": {
            one: {other: _taken(found_S, one, other) for other in tasks if other != one}
            for one in (tasks if len(tasks) > 1 else ())
        },
    }


def _taken(found_S: Sequence[Shares], one: str, other: str) -> dict[str, float] | None:
    pairs = [pair for found in found_S if (pair := taken_over(found, one, other)) is not None]
    if not pairs:
        return None
    taken, chance = zip(*pairs, strict=True)
    return {**_spread(taken), "chance": statistics.fmean(chance)}


def _spread(values: Sequence[float]) -> dict[str, float]:
    spread = {"spread": statistics.stdev(values)} if len(values) > 1 else {}
    return {"mean": statistics.fmean(values), **spread}
