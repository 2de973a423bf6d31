"""How much the masks keep and share: of the whole network, and layer by layer."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from lt4rec_core.report.overlap import from_input_to_output
from lt4rec_core.report.sections.cells import shares
from lt4rec_core.report.sections.overlap import who_shares
from lt4rec_core.report.sections.section import Absent, Section, Table
from lt4rec_core.report.wording import MISSING, share


def section(summary: Mapping[str, Any]) -> Section | Absent:
    """Shows densities and overlaps of every arm with masks, then who owns each layer."""
    if not summary["sharing"]:
        return Absent("Masks and their overlap: no arm of this comparison has masks.")
    layers = [
        layers_table(arm, found, list(summary["tasks"]))
        for arm, found in summary["sharing"].items()
    ]
    lead = (
        "Connections that one task alone owns are private, those of several tasks are shared. An "
        "output layer of a task's own is private by construction."
    )
    return Section("Mask overlap", lead, (overlap_table(summary), *who_shares(summary), *layers))


def overlap_table(summary: Mapping[str, Any]) -> Table:
    """Share of connections kept by each task, and shared by pairs, in the arms with masks."""
    rows = []
    for arm, about in summary["arms"].items():
        masks, overlaps = about["masks"], about["overlap"]
        for task in masks[0]:
            densities = [by_task[task]["density"] for by_task in masks]
            rounds = [str(by_task[task].get("round", MISSING)) for by_task in masks]
            rows.append((arm, f"{task} keeps", shares(densities), ", ".join(rounds)))
        for pair in overlaps[0] if len(overlaps[0]) == 1 else ():  # others: see `who_shares`
            rows.append((arm, f"{pair} share", shares([at[pair] for at in overlaps]), ""))
    lead = (
        "Of all prunable connections, the share that a task keeps; of those that either of two "
        "tasks keeps, the share that both do. Mean and standard deviation over seeds."
    )
    return Table("Masks", lead, ("arm", "", "share", "round chosen, by seed"), tuple(rows))


def layers_table(arm: str, found: Mapping[str, Any], tasks: Sequence[str]) -> Table:
    """Who owns the connections of each layer, and of the first one's two kinds of inputs."""
    groups = {
        name: found["layers"][name] for name in sorted(found["layers"], key=from_input_to_output)
    }
    for kind, group in found.get("inputs", {}).items():
        groups[f"over.0.weight, {kind}"] = group
    heads = ("layer", *owned_by({}, tasks))
    rows = tuple(
        (name, *(share(value) for value in owned_by(group["shares"], tasks).values()))
        for name, group in groups.items()
    )
    lead = "Share of the layer's connections, mean over seeds; a row sums to one."
    return Table(f"Owners by layer, {arm}", lead, heads, rows)


def owned_by(found: Mapping[str, Mapping[str, float]], tasks: Sequence[str]) -> dict[str, float]:
    """Returns mean shares by owners: each task alone, two tasks, three, …, none.

    Args:
        found: set of tasks, joined by "/", → `mean`; absent sets own nothing.
        tasks: all of them, in order.
    """
    of = {name: entry["mean"] for name, entry in found.items()}
    said = {f"{task} only": of.get(task, 0.0) for task in tasks}
    for size, name in _sizes(len(tasks)):
        sets = ("/".join(names) for names in itertools.combinations(tasks, size))
        said[name] = sum(of.get(names, 0.0) for names in sets)
    return said | {"neither" if len(tasks) == 2 else "none": of.get("", 0.0)}


def _sizes(tasks: int) -> Iterator[tuple[int, str]]:
    for size in range(2, tasks + 1):
        yield size, "both" if tasks == 2 else f"{size} tasks"
