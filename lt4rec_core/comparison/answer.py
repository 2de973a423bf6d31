"""The one object that `lt4rec compare --json` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lt4rec_core.comparison.measure import ALL


def answer(summary: Mapping[str, Any], report: str) -> dict[str, Any]:
    """Returns each arm's metric by seed, its gain, size and seconds, and what is trivial.

    `parameters` counts weights, `multiply_adds` are per impression and `seconds` per
    seed; what wasn't measured is null. `benefit` and `ablations` are there where they were
    asked for, as the summary has them; so are `curve` and `sharing`, the latter without
    crossings. `worlds` has for each synthetic world `conflict`, `group`, `arms`, `trivial`,
    and `against_conflict` what is found over the worlds of each group.
    """
    shared = {
        arm: {name: part for name, part in parts.items() if name != "crossings"}
        for arm, parts in summary["sharing"].items()
    }
    worlds = {
        name: {"conflict": world["conflict"], "group": world["group"], **_arms_of(world)}
        for name, world in summary["worlds"].items()
    }
    return {
        **_arms_of(summary),
        **{name: summary[name] for name in ("benefit", "ablations") if name in summary},
        "report": report,
        "curve": summary["curve"],
        "sharing": shared,
        "worlds": worlds,
        "against_conflict": summary["conflict"],
    }


def _arms_of(summary: Mapping[str, Any]) -> dict[str, Any]:
    everyone = summary["parts"][ALL]
    arms = {}
    for arm, about in summary["arms"].items():
        tasks = {
            task: {judged["metric"]: judged["arms"][arm]["values"]}
            for task, judged in everyone.items()
            if arm in judged["arms"]
        }
        gains = {
            task: {name: judged["arms"][arm]["mtl_gain"].get(name) for name in _GAIN}
            for task, judged in everyone.items()
            if "mtl_gain" in judged["arms"].get(arm, {})
        }
        arms[arm] = {
            **tasks,
            "mtl_gain": gains,
            "parameters": about["parameters"],
            "multiply_adds": about["multiply_adds"],
            "seconds": about["seconds"],
        }
    names = dict.fromkeys(name for judged in everyone.values() for name in judged["trivial"])
    trivial = {
        name: {
            task: {judged["metric"]: judged["trivial"][name]}
            for task, judged in everyone.items()
            if name in judged["trivial"]
        }
        for name in names
    }
    return {"arms": arms, "trivial": trivial}


_GAIN = ("mean", "low", "high")
