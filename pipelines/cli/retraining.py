"""The commands of daily retraining; see `pipelines.cli.commands`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli.arguments import data_day, day_of, git_commit, read_config
from pipelines.cli.ending import print_json
from pipelines.cli.options import (
    ConfigArgument,
    DateOption,
    ForceOption,
    JsonOption,
    ScheduledOption,
    SetOption,
    SourceOption,
    WorkspaceOption,
)
from pipelines.cli.surroundings import confine


def retrain(
    config: ConfigArgument,
    source: SourceOption,
    workspace: WorkspaceOption,
    data_date: DateOption = "",
    scheduled: ScheduledOption = "",
    force: ForceOption = False,
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Retrain for one day, starting from the champion."""
    from pipelines.cli.closing import tell_day
    from pipelines.cli.progress import day_nodes, watching

    chosen = read_config(config, settings)
    day = day_of(data_date, scheduled, chosen)
    confine(workspace)
    from pipelines.retrain import run_retraining

    with watching(day_nodes(chosen)) as show:
        summary = run_retraining(
            chosen,
            source,
            day,
            workspace,
            forced=force,
            due=scheduled,
            git_commit=git_commit(),
            show=show,
        )
    if as_json:
        print_json(summary)
    else:
        tell_day(summary, chosen, workspace)


def backfill(
    config: ConfigArgument,
    source: SourceOption,
    workspace: WorkspaceOption,
    first: Annotated[
        str,
        typer.Option("--from", metavar="YYYY-MM-DD", callback=data_day, help="The first day."),
    ],
    last: Annotated[
        str, typer.Option("--to", metavar="YYYY-MM-DD", callback=data_day, help="The last day.")
    ],
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Retrain for each day of a span in turn.

    Days that are done are skipped, and a day whose data is missing or fails validation
    is left out; anything else stops.
    """
    chosen = read_config(config, settings)
    confine(workspace)
    from pipelines.backfill import run_backfill, tell
    from pipelines.cli.progress import plainly

    result = run_backfill(
        chosen, source, first, last, workspace, git_commit=git_commit(), show=plainly()
    )
    if as_json:
        print_json({"days": list(result.days)})
    else:
        for entry in result.days:
            typer.echo(tell(entry))
    if result.failure is not None:
        raise result.failure
