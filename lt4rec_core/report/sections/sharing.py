"""What is shared at the inputs: which fields and crossings a task takes over from another.

The paper leaves open which features CVR takes over from CTR. Here the first task is held
against each other one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lt4rec_core.report.figure import colour, draw
from lt4rec_core.report.sections.masks import owned_by
from lt4rec_core.report.sections.section import Absent, Figure, Section, Table
from lt4rec_core.report.wording import MISSING, share

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SUBJECT = "connection_share"
_CROSSINGS = 12


def section(summary: Mapping[str, Any]) -> Section | Absent:
    """Shows, for each task after the first, fields and crossings by what it takes over."""
    found = summary["sharing"].get(_SUBJECT, {})
    tasks = list(summary["tasks"])
    if "fields" not in found:
        return Absent(
            "Which inputs are shared: connection_share was not compared, or its first layer "
            "has no masks."
        )
    if len(tasks) == 1:
        return Absent("Which inputs are shared: one task shares with nobody.")
    parts = [
        part
        for place, other in enumerate(tasks[1:], start=1)
        for part in _parts(found, tasks, other, place)
    ]
    lead = (
        "Connections of the first layer of connection_share, by the input they read: a field's "
        "embedding, or the crossing of two fields. Taken over is the share of the first task's "
        "connections that the other task owns too, mean ± standard deviation over seeds; by "
        "chance is what it would be if the masks lay independently of each other, and the lift "
        "is their ratio."
    )
    return Section("What is shared", lead, tuple(parts))


def _parts(
    found: Mapping[str, Any], tasks: Sequence[str], other: str, place: int
) -> Iterator[Table | Figure]:
    one = tasks[0]
    said = f"{other} takes over from {one}"
    yield _table(f"What {said}, by field", "field", found["fields"], tasks, other)
    crossings = found["crossings"]
    yield Figure(
        f"taken-over-{other}",
        f"Share of {one}'s connections of each crossing that {other} owns too",
        _heat_map(list(found["fields"]), crossings, one, other, place),
    )
    ordered = _ordered(crossings, one, other)
    shown = ordered if len(ordered) <= 2 * _CROSSINGS else _ends(ordered)
    title = f"What {said}, by crossing"
    if len(shown) < len(ordered):
        title += f": the {_CROSSINGS} with the most and the least of {len(ordered)}"
    yield _table(title, "crossing", {k: crossings[k] for k in shown}, tasks, other)


def _table(
    title: str, head: str, groups: Mapping[str, Any], tasks: Sequence[str], other: str
) -> Table:
    heads = (head, *owned_by({}, tasks), "taken over", "by chance", "lift")
    rows = []
    for name in _ordered(groups, tasks[0], other):
        taken = groups[name]["taken"][tasks[0]][other]
        owners = [share(value) for value in owned_by(groups[name]["shares"], tasks).values()]
        rows.append((name, *owners, *_taken(taken)))
    return Table(title, "", heads, tuple(rows))


def _taken(taken: Mapping[str, float] | None) -> tuple[str, str, str]:
    if taken is None:
        return (MISSING, MISSING, MISSING)
    spread = f" ± {share(taken['spread'])}" if "spread" in taken else ""
    lift = f"{taken['mean'] / taken['chance']:.2f}" if taken["chance"] else MISSING
    return (share(taken["mean"]) + spread, share(taken["chance"]), lift)


def _ordered(groups: Mapping[str, Any], one: str, other: str) -> list[str]:
    """Returns names of groups, most taken over first; those without any of `one`'s last."""

    def order(name: str) -> float:
        taken = groups[name]["taken"][one][other]
        return 1.0 if taken is None else -taken["mean"]

    return sorted(groups, key=order)


def _ends(names: Sequence[str]) -> list[str]:
    return [*names[:_CROSSINGS], *names[-_CROSSINGS:]]


def _heat_map(
    fields: Sequence[str], crossings: Mapping[str, Any], one: str, other: str, place: int
) -> Any:
    size = len(fields)
    taken = {
        frozenset(name.split(" × ")): entry["taken"][one][other]
        for name, entry in crossings.items()
    }
    values = [
        [(taken[frozenset((row, column))] or {}).get("mean", float("nan")) for column in fields]
        for row in fields
    ]

    def plot(axes: Axes) -> None:
        from matplotlib.colors import LinearSegmentedColormap, to_rgba

        tint = to_rgba(colour(place))[:3]
        # In steps: a bar of more than fifty would be an image inside the drawing.
        shades = LinearSegmentedColormap.from_list("taken", [(*tint, 0.0), (*tint, 1.0)], N=40)
        mesh = axes.pcolormesh(values, cmap=shades, linewidth=0)
        centres = [position + 0.5 for position in range(size)]
        axes.set_xticks(centres, fields, rotation=90, fontsize=8)
        axes.set_yticks(centres, fields, fontsize=8)
        axes.invert_yaxis()
        axes.set_aspect("equal")
        axes.grid(False)
        bar = axes.figure.colorbar(mesh, ax=axes, shrink=0.7)
        bar.outline.set_visible(False)

    label = f"Heat map over crossings of fields: what {other} takes over of {one}'s connections"
    side = 170 + 19 * size
    return draw(plot, name=f"taken-over-{other}", label=label, width=side + 60, height=side)
