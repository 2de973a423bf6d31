"""The synthetic worlds: Table 2 in each, and what happens as tasks have less in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lt4rec_core.report.figure import MUTED, colour, draw_beside
from lt4rec_core.report.sections.arms import arms_table
from lt4rec_core.report.sections.cells import gain
from lt4rec_core.report.sections.section import Absent, Figure, Section, Table
from lt4rec_core.report.wording import MISSING, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAME = "conflict"
_UNSURE = "not told apart from no change"


def section(summary: Mapping[str, Any]) -> Section | Absent:
    """Shows overlap and gain against the conflict with a verdict, then each world's arms."""
    worlds = summary["worlds"]
    if not worlds:
        return Absent(
            "Synthetic worlds: none were configured ([[comparison.worlds]]), so nothing is said "
            "of how overlap and gain change as the tasks have less in common."
        )
    parts: list[Table | Figure] = []
    for group in summary["conflict"]:
        table = conflict_table(summary, group)
        if table.rows:
            parts += [_figure(summary["conflict"], group), table]
        members = [entry for entry in worlds.items() if entry[1]["group"] == group]
        for name, world in sorted(members, key=lambda entry: float(entry[1]["conflict"])):
            title = f"Arms, world {name!r} with conflict {world['conflict']:g}"
            parts.append(arms_table(world, "all", title))
    lead = (
        "Made-up logs whose truth is known: conflict 0 means that cover and content please the "
        "same users, 0.5 that they have nothing to do with each other, 1 that they please "
        "opposite ones, which takes the same features with the other sign. Worlds of a group "
        "differ by nothing else. If the mechanism works as claimed, the masks' overlap falls and "
        "the gain over full_share grows from agreeing to unrelated tasks."
    )
    if not any(about["chosen"] for world in worlds.values() for about in world["arms"].values()):
        lead += " No arm was tuned here: all are trained by the worlds' common settings."
    return Section("Synthetic worlds", lead, tuple(parts))


def conflict_table(summary: Mapping[str, Any], group: str) -> Table:
    """Overlap and gain in each world of a group, their slopes, and whether all is as claimed."""
    found = summary["conflict"][group]
    points: Sequence[Mapping[str, Any]] = next((line["points"] for _, line, _ in _lines(found)), [])
    heads = ("connection_share", *(f"conflict {point['conflict']:g}" for point in points))
    rows = []
    for what, line, falls in _lines(found):
        write = _share if falls else gain
        at = {point["world"]: write(point) for point in line["points"]}
        cells = [at.get(point["world"], MISSING) for point in points]
        rows.append((what, *cells, _slope(line, falls), _verdict(line, falls)))
    lead = (
        f"Slope: change from tasks that agree to unrelated ones, by a straight line over "
        f"1 - |cos(pi · conflict)|, fitted for each seed; mean and "
        f"{100 * summary['confidence']:g} % interval over seeds. Beyond chance is the overlap less "
        "that of random masks of the same densities."
    )
    first = next(world for world in summary["worlds"].values() if world["group"] == group)
    if first["set"]:
        said = ", ".join(f"{name} = {value}" for name, value in first["set"].items())
        lead += f" Settings of these worlds alone: {said}."
    title = _of_group("Against the conflict", summary["conflict"], group)
    return Table(title, lead, (*heads, "slope", "as claimed?"), tuple(rows))


def _lines(found: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    """Gives name, line, and whether it should fall."""
    for pair, line in found["overlap"].items():
        yield f"overlap of {pair}, should fall", line, True
    for pair, line in found["beyond_chance"].items():
        yield f"the same beyond chance, {pair}, should fall", line, True
    for task, line in found["gain"].items():
        yield f"gain over full_share in {task}, should grow", line, False


def _share(point: Mapping[str, Any]) -> str:
    known = f" [{share(point['low'])}, {share(point['high'])}]" if "low" in point else ""
    return share(point["mean"]) + known


def _slope(line: Mapping[str, Any], falls: bool) -> str:
    slope = line.get("slope")
    if slope is None:
        return MISSING
    if not falls:
        return gain(slope)
    ends = [100 * slope[key] for key in ("mean", "low", "high") if key in slope]
    said = [f"{value:+.1f}".replace("-", "−") for value in ends]
    return f"{said[0]} %" + (f" [{said[1]}, {said[2]}]" if len(said) > 1 else "")


def _verdict(line: Mapping[str, Any], falls: bool) -> str:
    slope = line.get("slope", {})
    if "low" not in slope:
        return "one seed or level: not judged"
    if slope["low"] <= 0 <= slope["high"]:
        return _UNSURE
    return "yes" if (slope["high"] < 0) == falls else "no, the other way"


def _figure(groups: Mapping[str, Any], group: str) -> Figure:
    plots, found = [], groups[group]
    if found["overlap"]:
        plots.append(_plot(found["overlap"], "overlap of the masks, %", 100.0))
    for place, (task, line) in enumerate(found["gain"].items()):
        plots.append(_plot({task: line}, f"{task}: gain over full_share", 1.0, place))
    label = "Mask overlap, and gain over full_share, as the tasks have less in common"
    label = _of_group(label, groups, group)
    name = NAME if len(groups) == 1 else f"{NAME}-{group}"
    width = 340 * len(plots)
    drawing = draw_beside(plots, name=name, label=label, width=width, height=270)
    return Figure(name, label, drawing)


def _of_group(text: str, groups: Mapping[str, Any], group: str) -> str:
    """Names the group where there are several."""
    return text if len(groups) == 1 else f"{text}, worlds {group!r}"


def _plot(
    lines: Mapping[str, Any], said: str, scale: float, place: int = 2
) -> Callable[[Axes], None]:
    def plot(axes: Axes) -> None:
        for number, (name, line) in enumerate(lines.items()):
            tint = colour(place + number)
            levels = [point["apart"] for point in line["points"]]
            means = [scale * point["mean"] for point in line["points"]]
            axes.plot(levels, means, "o-", color=tint, linewidth=2, label=name)
            for level, point in zip(levels, line["points"], strict=True):
                if "low" in point:
                    ends = [scale * point["low"], scale * point["high"]]
                    axes.plot([level, level], ends, color=tint, linewidth=1.5)
                values = [scale * value for value in point["by_seed"].values()]
                axes.plot([level] * len(values), values, "_", color=MUTED)
        axes.set_xlabel("tasks apart: 0 agree, 1 unrelated")
        axes.set_ylabel(said)
        axes.margins(x=0.1)
        if len(lines) > 1:
            axes.legend(loc="best", fontsize=9)

    return plot
