"""The commands that work on a cluster; see `pipelines.cli.commands`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from pipelines.cli.arguments import address, git_commit, read_config
from pipelines.cli.ending import print_json
from pipelines.cli.options import (
    ConfigArgument,
    DateOption,
    ForceOption,
    JsonOption,
    Pipeline,
    PipelineOption,
    SetOption,
)

NameOption = Annotated[
    str, typer.Option("--name", help="Of the schedule; the configuration's name by default.")
]

schedule = typer.Typer(
    help="Make, show and change the recurring run on a cluster.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def submit(
    config: ConfigArgument,
    data_date: DateOption = "",
    source: Annotated[
        str,
        typer.Option(
            "--source",
            metavar="PATH",
            callback=address,
            help="Raw logs; cluster.source by default.",
        ),
    ] = "",
    pipeline: PipelineOption = Pipeline.TRAINING,
    force: ForceOption = False,
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run a DAG on a cluster, now."""
    chosen = read_config(config, settings)
    from pipelines.submit import submit_run

    started = submit_run(
        chosen,
        data_date,
        source=source,
        pipeline=pipeline.value,
        forced=force,
        git_commit=git_commit(),
    )
    if as_json:
        print_json(started)
    else:
        typer.echo(f"Run  {started['name']}, {started['run_id']}\nSee  {started['url']}")


@schedule.command()
def create(
    config: ConfigArgument,
    cron: Annotated[
        str,
        typer.Option("--cron", metavar="CRON", help='When, as in "30 4 * * *": each day at 4:30.'),
    ],
    name: NameOption = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="One of this name gives way to the new one.")
    ] = False,
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Retrain daily, one run at a time.

    A run's day follows from when it's due; none is made up for.
    """
    chosen = read_config(config, settings)
    from pipelines.schedule import create_schedule

    made = create_schedule(chosen, cron, name=name, replace=replace, git_commit=git_commit())
    _tell([made], as_json, made)


@schedule.command("list")
def show(config: ConfigArgument, settings: SetOption = None, as_json: JsonOption = False) -> None:
    """Show the schedules of the configuration's experiment."""
    from pipelines.schedule import list_schedules

    found = list_schedules(read_config(config, settings))
    _tell(found, as_json, {"schedules": found})


@schedule.command()
def pause(
    config: ConfigArgument,
    name: NameOption = "",
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Start no more runs until it's resumed.

    One that is at work goes on.
    """
    _change("pause", config, name, settings, as_json)


@schedule.command()
def resume(
    config: ConfigArgument,
    name: NameOption = "",
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go on with a paused schedule."""
    _change("resume", config, name, settings, as_json)


@schedule.command()
def delete(
    config: ConfigArgument,
    name: NameOption = "",
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete the schedule; the runs that it started stay."""
    _change("delete", config, name, settings, as_json)


def _change(
    action: Literal["pause", "resume", "delete"],
    config: str,
    name: str,
    settings: list[str] | None,
    as_json: bool,
) -> None:
    from pipelines.schedule import change_schedule

    changed = change_schedule(read_config(config, settings), action, name)
    if as_json:
        print_json(changed)
    else:
        done = {"pause": "paused", "resume": "resumed", "delete": "deleted"}[action]
        typer.echo(f"{done}: {changed['name']} ({changed['id']})")


def _tell(schedules: list[dict[str, Any]], as_json: bool, value: dict[str, Any]) -> None:
    if as_json:
        print_json(value)
        return
    rows = [["name", "cron", "status", "id"]]
    rows += [[str(found[key] or "") for key in rows[0]] for found in schedules]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        typer.echo("   ".join(cells).rstrip())
