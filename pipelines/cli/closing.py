"""What a command says on stdout when it is over, for people."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from lt4rec_core.config import Config, Tracking

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.doctor import Check


def tell_run(summary: Mapping[str, Any], config: Config, workspace: Path) -> None:
    """Prints metrics, gain, verdict, version, and where to look further."""
    from lt4rec_core.report.results import too_few

    console = _console()
    console.print(_metrics(summary, config))
    for task, metrics in summary["metrics"].items():
        told = ", ".join(f"{name} {_number(value)}" for name, value in metrics.items())
        typer.echo(f"{task}: {told}")
    if said := too_few(summary["events"]):
        typer.echo(said)
    gate, model = summary["gate"], summary["model"]
    console.print()
    verdict = "[bold green]accepted[/]" if gate["accepted"] else "[bold yellow]refused[/]"
    console.print(f"Gate      {verdict}", highlight=False)
    for reason in gate["reasons"]:
        typer.echo(f"          {reason}")
    name = f"{model['name']} version {model['version']}, alias {model['alias']}"
    typer.echo(f"Model     {name} ({model['uri']})")
    typer.echo(f"Masks     {_masks(summary['masks'])}")
    typer.echo(f"Report    {summary['report']}")
    typer.echo(f"MLflow    {mlflow_command(config.tracking, workspace)}")


def tell_day(summary: Mapping[str, Any], config: Config, workspace: Path) -> None:
    """Prints what a day's run started from and what it found late, and then what a run does."""
    search = summary["search"]
    start = f"version {summary['started_from']}" if not search["search"] else "nothing"
    days = summary["train_days"]
    typer.echo(f"Start     {start}, trained on {', '.join(days)}")
    typer.echo(f"Masks     of {search['searched']}: {search['reason']}")
    for day, why in summary["left_out"].items():
        typer.echo(f"Left out  {day}: {why}")
    for day, change in summary["late"].items():
        typer.echo(f"Late data {day}: {change}; `lt4rec retrain` runs that day again")
    typer.echo()
    tell_run(summary, config, workspace)


def tell_validation(summary: Mapping[str, Any]) -> None:
    """Prints the warnings and where all results are; errors are told by the error itself."""
    console = _console()
    verdict = "[bold red]failed[/]" if summary["failed"] else "[bold green]passed[/]"
    console.print(f"Validation {verdict}", highlight=False)
    for message in summary["messages"]:
        if message.startswith("warning"):
            typer.echo(f"  {message}")
    counts = ", ".join(f"{summary[name]} {name}" for name in ("passed", "errors", "warnings"))
    typer.echo(f"Measures   {counts}, {summary['skipped']} skipped")
    typer.echo(f"Result     {summary['result']}")
    typer.echo(f"Data Docs  {summary['data_docs']}")


def tell_comparison(summary: Mapping[str, Any], config: Config, workspace: Path) -> None:
    """Prints each arm's metrics and gains, what is trivial, and where to look further."""
    rows = _arms(summary, config)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        typer.echo("   ".join(cells).rstrip())
    for told, slope in _slopes(summary["against_conflict"]):
        ends = " to ".join(_number(slope.get(end), "+") for end in ("low", "high"))
        typer.echo(f"Conflict  slope of {told}: {_number(slope['mean'], '+')} ({ends})")
    typer.echo(f"Report    {summary['report']}")
    typer.echo(f"Tables    {Path(summary['report']).with_name('RESULTS.md')}")
    typer.echo(f"MLflow    {mlflow_command(config.tracking, workspace)}")


def _slopes(groups: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, float]]]:
    """Gives, of each group of worlds, what changes with the conflict, and by how much."""
    for group, found in groups.items():
        for what, lines in found.items():
            for name, line in lines.items():
                if "slope" in line:
                    yield f"{what.replace('_', ' ')} of {name}, worlds {group!r}", line["slope"]


def tell_checks(checks: Sequence[Check]) -> None:
    """Prints one line a check, and what to do where it isn't ok."""
    console = _console()
    styles = {"ok": "green", "warn": "yellow", "fail": "bold red"}
    width = max(len(check.name) for check in checks)
    for check in checks:
        console.print(f"[{styles[check.status]}]{check.status:<4}[/] ", end="")
        typer.echo(f" {check.name:<{width}}  {check.seen}")
        if check.advice:
            typer.echo(f"{'':<{width + 8}}→ {check.advice}")
    counts = {status: sum(c.status == status for c in checks) for status in styles}
    typer.echo(", ".join(f"{number} {status}" for status, number in counts.items()))


def mlflow_command(tracking: Tracking, workspace: Path) -> str:
    """How to look at the runs in MLflow: a shell command, or the server's address."""
    if tracking.uri.startswith(("http://", "https://")):
        return f"open {tracking.uri} in a browser"
    from components.store_check import database_uri

    uri = tracking.uri or database_uri(workspace)
    program = Path(sys.executable).with_name("mlflow")
    name = str(program) if program.exists() else "mlflow"
    return shlex.join([name, "ui", "--backend-store-uri", uri])


def _console() -> Console:
    from rich.console import Console

    return Console(soft_wrap=True)


def _metrics(summary: Mapping[str, Any], config: Config) -> Any:
    from rich.table import Table

    from lt4rec_core.tasks import resolve

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    interval = f"{config.evaluate.confidence:.0%} interval"
    for head in ("task", "metric", "MTL gain", interval):
        table.add_column(head, no_wrap=True)
    for task in resolve(config.tasks):
        value = summary["metrics"][task.name].get(task.metric)
        gain = summary["mtl_gain"].get(task.name) or {}
        table.add_row(
            task.name,
            f"{task.metric} {_number(value)}",
            _number(gain.get("value"), "+"),
            f"{_number(gain.get('low'), '+')} to {_number(gain.get('high'), '+')}",
        )
    return table


def _arms(summary: Mapping[str, Any], config: Config) -> list[list[str]]:
    from lt4rec_core.tasks import resolve

    tasks = resolve(config.tasks)
    heads = [text for task in tasks for text in (f"{task.name} {task.metric}", "MTL gain")]
    rows = [["arm", *heads]]
    for arm, about in summary["arms"].items():
        cells = [arm]
        for task in tasks:
            values = about.get(task.name, {}).get(task.metric, [])
            cells.append(_number(sum(values) / len(values) if values else None))
            gain = about["mtl_gain"].get(task.name)
            ends = [_number(gain[end], "+") for end in ("low", "high")] if gain else []
            cells.append(f"{_number(gain['mean'], '+')} ({' to '.join(ends)})" if gain else "")
        rows.append(cells)
    for name, by_task in summary["trivial"].items():
        known = [by_task.get(task.name, {}).get(task.metric) for task in tasks]
        rows.append([name, *(cell for value in known for cell in (_number(value), ""))])
    return rows


def _number(value: float | None, sign: str = "") -> str:
    return "undefined" if value is None else f"{value:{sign}.5f}"


def _masks(masks: Mapping[str, Any]) -> str:
    told = [
        f"{task} keeps {mask['density']:.1%} (round {mask['round']})"
        for task, mask in masks.items()
        if task != "overlap"
    ]
    overlap = masks["overlap"]
    shared = overlap.items() if isinstance(overlap, Mapping) else [("both", overlap)]
    told += [f"overlap of {pair} {share:.1%}" for pair, share in shared]
    return ", ".join(told)
