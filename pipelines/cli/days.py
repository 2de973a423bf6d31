"""What the commands about days and versions say on stdout, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from components.promotion import Outcome
    from pipelines.monitoring import Judgement


def tell_history(history: Mapping[str, Any]) -> None:
    """Prints one line a day, and each day's alerts below it."""
    days: Sequence[Mapping[str, Any]] = history["days"]
    if not days:
        typer.echo(f"{history['model']} has no days yet")
        return
    tasks = {name: task["metric"] for day in days for name, task in day["tasks"].items()}
    heads = [text for name, metric in tasks.items() for text in (f"{name} {metric}", "MTL gain")]
    rows = [["date", "run", "gate", *heads, "version", "alias", "time", "because"]]
    rows += [_line(day, tasks) for day in days]
    lines = list(aligned(rows))
    typer.echo(lines[0])
    for day, line in zip(days, lines[1:], strict=True):
        typer.echo(line)
        for left_out, why in day["left_out"].items():
            typer.echo(f"    without {left_out}: {_plain(why)}")
        for alert in day["alerts"]:
            typer.echo(f"    {alert['severity']}: {_plain(alert['message'])}")


def tell_alerts(judged: Judgement) -> None:
    """Prints a day's alerts, and whether the webhook took them."""
    day = judged.day
    version = f"version {day.version}" if day.version else f"no version, the run is {day.status}"
    typer.echo(f"{judged.model} {day.date or day.run_id} ({version})")
    for alert in judged.alerts:
        typer.echo(f"  {alert.severity}: {_plain(alert.message)}")
    if not judged.alerts:
        typer.echo("  no alerts")
    if judged.delivery:
        typer.echo(f"the webhook has taken them (delivery {judged.delivery})")


def tell_change(outcome: Outcome) -> None:
    """Prints who the champion is now, and why."""
    change = outcome.change
    if change is not None:
        before = f", before it was version {change.former}" if change.former else ""
        typer.echo(f"Champion of {outcome.model} is version {change.version} now{before}")
        typer.echo(f"{change.action} by {change.who} at {change.time}: {change.reason}")
    if outcome.note:
        typer.echo(outcome.note)


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Gives rows of cells as lines with aligned columns; cells are shown on one line."""
    plain = [[_plain(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*plain, strict=True)]
    for row in plain:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "   ".join(cells).rstrip()


def _plain(text: str) -> str:
    """Puts text that others wrote on one line, without what would steer a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def number(value: float | None, sign: str = "") -> str:
    """Writes a metric or gain; "-" where there is none."""
    return "-" if value is None else f"{value:{sign}.5f}"


def _line(day: Mapping[str, Any], tasks: Mapping[str, str]) -> list[str]:
    cells = [day["date"] or "-", day["kind"] if day["status"] == "finished" else day["status"]]
    cells.append({True: "accepted", False: "refused", None: "-"}[day["accepted"]])
    for name, metric in tasks.items():
        task = day["tasks"].get(name, {})
        gain = task.get("gain", {})
        reach = f" ({gain['low']:+.5f} to {gain['high']:+.5f})" if "low" in gain else ""
        cells += [number(task.get("model", {}).get(metric)), number(gain.get("value"), "+") + reach]
    time = "-" if day["seconds"] is None else f"{day['seconds']:.0f} s"
    reasons = day["reasons"]
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    because = day["failure"] or (f"{reasons[0]}{more}" if reasons else "-")
    return [*cells, day["version"] or "-", ", ".join(day["aliases"]) or "-", time, because]
