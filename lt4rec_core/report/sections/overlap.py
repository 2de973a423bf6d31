"""Who shares with whom: the masks' overlap for every pair of three tasks or more."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lt4rec_core.report.figure import INK, colour, draw
from lt4rec_core.report.overlap import by_chance
from lt4rec_core.report.sections.section import Figure, Table
from lt4rec_core.report.wording import MISSING, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Matrix = Mapping[frozenset[str], float]
"""By pair of tasks."""


def who_shares(summary: Mapping[str, Any]) -> Iterator[Table | Figure]:
    """Gives each arm with masks a heat map and its numbers; nothing where two tasks share."""
    tasks = list(summary["tasks"])
    if len(tasks) < 3:
        return
    for arm, about in summary["arms"].items():
        if about["masks"][0]:
            shared, chance = _shared(about, tasks), _chance(about, tasks)
            yield _heat_map(arm, tasks, shared)
            yield _table(arm, tasks, shared, chance)


def _shared(about: Mapping[str, Any], tasks: Sequence[str]) -> Matrix:
    return {
        frozenset(pair): statistics.fmean(of_seed["/".join(pair)] for of_seed in about["overlap"])
        for pair in itertools.combinations(tasks, 2)
    }


def _chance(about: Mapping[str, Any], tasks: Sequence[str]) -> Matrix:
    return {
        frozenset(pair): statistics.fmean(
            by_chance(*(masks[task]["density"] for task in pair)) for masks in about["masks"]
        )
        for pair in itertools.combinations(tasks, 2)
    }


def _table(arm: str, tasks: Sequence[str], shared: Matrix, chance: Matrix) -> Table:
    def cell(one: str, other: str) -> str:
        pair = frozenset((one, other))
        return MISSING if one == other else f"{share(shared[pair])} ({share(chance[pair])})"

    lead = (
        "Of the connections that either of two tasks keeps, the share that both keep (Jaccard), "
        "mean over seeds; in brackets what masks of the same densities would share if they lay "
        "independently of each other."
    )
    rows = tuple((one, *(cell(one, other) for other in tasks)) for one in tasks)
    return Table(f"Who shares with whom, {arm}", lead, ("", *tasks), rows)


def _heat_map(arm: str, tasks: Sequence[str], shared: Matrix) -> Figure:
    values = [
        [float("nan") if a == b else 100 * shared[frozenset((a, b))] for b in tasks] for a in tasks
    ]

    def plot(axes: Axes) -> None:
        from matplotlib.colors import LinearSegmentedColormap, to_rgba

        tint = to_rgba(colour(0))[:3]
        shades = LinearSegmentedColormap.from_list("shared", [(*tint, 0.05), (*tint, 0.8)])
        axes.pcolormesh(values, cmap=shades, linewidth=0)
        centres = [place + 0.5 for place in range(len(tasks))]
        axes.set_xticks(centres, tasks)
        axes.set_yticks(centres, tasks)
        axes.invert_yaxis()
        axes.set_aspect("equal")
        axes.grid(False)
        for row, column in itertools.permutations(range(len(tasks)), 2):
            said = f"{values[row][column]:.0f}"
            axes.text(centres[column], centres[row], said, ha="center", va="center", color=INK)

    name = f"overlap-{arm}"
    label = f"Heat map over pairs of tasks: share of connections in common in {arm}, in percent"
    side = 90 + 56 * len(tasks)
    caption = f"Connections in common, %, {arm}"
    return Figure(name, caption, draw(plot, name=name, label=label, width=side, height=side))
