"""Metric against the share of weights left, per pruning round (paper, Figure 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from lt4rec_core.report.figure import MUTED, colour, draw_beside
from lt4rec_core.report.results import arrow
from lt4rec_core.report.sections.cells import gain
from lt4rec_core.report.sections.section import Absent, Figure, Section, Table
from lt4rec_core.report.wording import metric, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME = "pruning-curve"
"""Of the figure's file."""

_SUBJECT = "connection_share"
_BESIDE = 3
_DASHES = ((0, (4, 2)), (0, (1, 2)), (0, (5, 1, 1, 1)))


def section(summary: Mapping[str, Any]) -> Section | Absent:
    """Shows all tasks beside each other, and the figures behind the curves."""
    if not summary["curve"]:
        return Absent("Metric per pruning round: no arm of this comparison was pruned.")
    tasks = list(next(iter(summary["curve"].values())))
    seeds = len(summary["seeds"])
    band = f"mean and {100 * summary['confidence']:g} % interval over {seeds} seeds"
    lead = (
        "Each round trains the rewound network under its mask and measures it on the validation "
        f"rows: {band if seeds > 1 else 'one seed, no band'}. Round 0, hollow, is dense. Against "
        "dense is the gain over round 0 of the same seed."
    )
    title = "Metric against the share of weights left"
    ordered = dict(sorted(summary["curve"].items(), key=lambda entry: entry[0] != _SUBJECT))
    return Section(title, lead, (*_figures(summary["curve"], tasks), *_tables(ordered)))


def _figures(curves: Mapping[str, Mapping[str, Any]], tasks: Sequence[str]) -> Iterator[Figure]:
    caption = "Per pruning round, as in the paper's Figure 3; the band is connection_share's"
    for start in range(0, len(tasks), _BESIDE):
        places = range(start, min(start + _BESIDE, len(tasks)))
        name = f"{NAME}-{start // _BESIDE + 1}" if start else NAME
        drawing = draw_beside(
            [_plot(curves, tasks[place], place) for place in places],
            name=name,
            label="Validation metric of each pruning round against the share of weights left",
            width=460 * len(places),
            height=330,
        )
        yield Figure(name, caption, drawing)


def _plot(curves: Mapping[str, Mapping[str, Any]], task: str, place: int) -> Callable[[Axes], None]:
    others = [arm for arm in curves if arm != _SUBJECT]

    def plot(axes: Axes) -> None:
        for arm, by_task in curves.items():
            curve = by_task[task]
            points = curve["points"]
            subject = arm == _SUBJECT
            tint = colour(place) if subject else MUTED
            dash = "-" if subject else _DASHES[others.index(arm) % len(_DASHES)]
            x = [100 * point["density"] for point in points]
            y = [point["mean"] for point in points]
            axes.plot(x, y, color=tint, linestyle=dash, linewidth=2 if subject else 1.3, label=arm)
            axes.plot(x[1:], y[1:], "o", color=tint, markersize=5 if subject else 3)
            axes.plot(x[:1], y[:1], "o", color=tint, markersize=7, markerfacecolor="none")
            if subject and "low" in points[0]:  # three bands over each other hide the lines
                low, high = ([point[end] for point in points] for end in ("low", "high"))
                axes.fill_between(x, low, high, color=tint, alpha=0.22, linewidth=0)
        axes.invert_xaxis()
        axes.set_xlabel("share of weights left, %")
        axes.set_ylabel(f"{task}: validation {curve['metric']} {arrow(curve['metric'])}")
        axes.legend(loc="best", fontsize=9)

    return plot


def _tables(curves: Mapping[str, Mapping[str, Any]]) -> Iterator[Table]:
    for arm, by_task in curves.items():
        heads = ["round"]
        for task, curve in by_task.items():
            heads += ["weights left", f"{task} {curve['metric']}", "against dense", "chosen by"]
        rows = zip_longest(*(list(_cells(curve)) for curve in by_task.values()))
        yield Table(f"Rounds, {arm}", "", tuple(heads), tuple(_rows(rows)))


def _rows(rows: Iterator[Sequence[tuple[str, ...]]]) -> Iterator[tuple[str, ...]]:
    for number, cells in enumerate(rows):
        yield (str(number) if number else "0, dense", *(cell for own in cells for cell in own))


def _cells(curve: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for point in curve["points"]:
        spread = f" ± {metric(point['spread'])}" if "spread" in point else ""
        chosen = curve["chosen"].count(point["round"])
        yield (
            share(point["density"]),
            metric(point["mean"]) + spread,
            gain(point["against_dense"]) if point["round"] else "",
            f"{chosen} of {len(curve['chosen'])} seeds" if chosen else "",
        )
