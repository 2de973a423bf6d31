"""Plots over days: metrics, gains, rates, calibration, volume, drift."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from lt4rec_core.report.figure import INK, MUTED, colour, draw

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Days = Sequence[Mapping[str, Any]]
Value = Callable[[Mapping[str, Any]], float | None]

_WIDTH, _HEIGHT = 520, 260
_TICKS = 6
DASHES = (0, (4, 2))


@dataclass(frozen=True)
class Line:
    """One quantity over the days, and how it's drawn."""

    said: str
    value: Value
    tint: str
    style: Any = "-"


def line_plot(days: Days, lines: Sequence[Line], *, name: str, label: str, what: str) -> Markup:
    """Draws quantities of the days over each other; a day without a value has no point."""

    def plot(axes: Axes) -> None:
        for line in lines:
            _draw_line(axes, days, line)
        axes.set_ylabel(what)
        axes.margins(y=0.15)
        if axes.lines:
            axes.legend(loc="best", fontsize=9)
        _show_dates(axes, days)

    return draw(plot, name=name, label=label, width=_WIDTH, height=_HEIGHT)


def ratio_plot(days: Days, lines: Sequence[Line], *, name: str, label: str, what: str) -> Markup:
    """As `line_plot`, over the line at 1 that all of them should follow."""

    def plot(axes: Axes) -> None:
        for line in lines:
            _draw_line(axes, days, line)
        axes.set_ylabel(what)
        axes.margins(y=0.15)
        if axes.lines:
            axes.legend(loc="best", fontsize=9)
        axes.axhline(1, color=MUTED, linewidth=1)
        _show_dates(axes, days)

    return draw(plot, name=name, label=label, width=_WIDTH, height=_HEIGHT)


def gain_plot(days: Days, task: str, metric: str, *, name: str, place: int) -> Markup:
    """Draws the MTL gain in `task` of each day with its interval, over zero."""
    gains = [day["tasks"].get(task, {}).get("gain", {}) for day in days]

    def plot(axes: Axes) -> None:
        axes.axhline(0, color=MUTED, linewidth=1)
        for x, gain in zip(positions(days), gains, strict=True):
            if "low" in gain:
                axes.plot([x, x], [gain["low"], gain["high"]], color=colour(place), linewidth=2)
            if "value" in gain:
                axes.plot([x], [gain["value"]], "o", color=colour(place), markersize=5)
        axes.set_ylabel(f"MTL gain in {metric}")
        axes.margins(y=0.15)
        _show_dates(axes, days)

    label = f"MTL gain of {task} in {metric} on each day, with its interval"
    return draw(plot, name=name, label=label, width=_WIDTH, height=_HEIGHT)


def volume_plot(days: Days, *, name: str) -> Markup:
    """Draws each day's rows; days whose model wasn't accepted are hollow."""

    def plot(axes: Axes) -> None:
        for x, day in zip(positions(days), days, strict=True):
            fill = MUTED if day["accepted"] else "none"
            axes.bar(x, day["rows"] or 0, width=0.7, facecolor=fill, edgecolor=MUTED)
        axes.set_ylabel("rows")
        _show_dates(axes, days)

    return draw(plot, name=name, label="Rows of each day", width=_WIDTH, height=_HEIGHT)


def drift_map(days: Days, bound: float, *, name: str) -> Markup | None:
    """Draws the PSI of each field on each day; values above `bound` are written out."""
    fields = list(dict.fromkeys(field for day in days for field in day["drift"]))
    if not fields:
        return None

    def plot(axes: Axes) -> None:
        from matplotlib.patches import Rectangle

        for x, day in zip(positions(days), days, strict=True):
            for y, field in enumerate(fields):
                if field not in day["drift"]:
                    continue
                psi = day["drift"][field]
                share = min(1.0, psi / (2 * bound))
                axes.add_patch(
                    Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=colour(0), alpha=share)
                )
                if psi > bound:
                    axes.text(x, y, f"{psi:.2g}", ha="center", va="center", fontsize=8, color=INK)
        axes.set_yticks(range(len(fields)), [_short(field) for field in fields])
        axes.set_ylim(len(fields) - 0.5, -0.5)
        axes.grid(False)
        _show_dates(axes, days)

    height = 90 + 20 * len(fields)
    label = "Population stability index of each field on each day"
    return draw(plot, name=name, label=label, width=2 * _WIDTH, height=height)


def positions(days: Days) -> list[int]:
    """Returns where each day stands: days of the calendar apart, or counted without dates."""
    if not all(day["date"] for day in days):
        return list(range(len(days)))
    dates = [datetime.date.fromisoformat(day["date"]).toordinal() for day in days]
    return [date - dates[0] for date in dates]


def _draw_line(axes: Axes, days: Days, line: Line) -> None:
    points = [
        (x, value)
        for x, day in zip(positions(days), days, strict=True)
        if (value := line.value(day)) is not None
    ]
    if points:
        xs, ys = zip(*points, strict=True)
        marker = "o" if len(points) < 40 else ""
        axes.plot(
            xs,
            ys,
            color=line.tint,
            label=line.said,
            linestyle=line.style,
            marker=marker,
            markersize=4,
            linewidth=1.8,
        )


def _show_dates(axes: Axes, days: Days) -> None:
    places = positions(days)
    step = max(1, -(-len(days) // _TICKS))
    shown = range(0, len(days), step)
    names = [days[k]["date"] or days[k]["run_id"][:6] for k in shown]
    axes.set_xticks([places[k] for k in shown], names, fontsize=9)
    axes.set_xlim(places[0] - 0.7, places[-1] + 0.7)


def _short(name: str) -> str:
    return name if len(name) <= 24 else f"{name[:23]}…"
