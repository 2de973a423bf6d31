"""The commands that compare ways of sharing; see `pipelines.cli.commands`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.arguments import git_commit, read_comparison
from pipelines.cli.ending import print_json
from pipelines.cli.options import (
    ArmsOption,
    ConfigArgument,
    DateOption,
    JsonOption,
    SetOption,
    SourceOption,
    WorkspaceOption,
)
from pipelines.cli.surroundings import confine

if TYPE_CHECKING:
    from lt4rec_core.config import Config


def compare(
    config: ConfigArgument,
    source: SourceOption,
    workspace: WorkspaceOption,
    arms: ArmsOption = None,
    seeds: Annotated[
        int | None, typer.Option("--seeds", metavar="K", min=1, help="Trainings of each arm.")
    ] = None,
    benefit: Annotated[
        bool | None,
        typer.Option("--benefit/--no-benefit", help="Take the gain of connection_share apart."),
    ] = None,
    ablations: Annotated[
        bool | None,
        typer.Option("--ablations/--no-ablations", help="Train the configured variants as well."),
    ] = None,
    data_date: DateOption = "",
    results: Annotated[
        Path | None,
        typer.Option("--results", metavar="FILE", help="Where RESULTS.md goes as well."),
    ] = None,
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train every way of sharing under the same rules.

    Each with several seeds, side by side.
    """
    from pipelines.cli.closing import tell_comparison

    chosen = read_comparison(
        config, settings, arms, seeds=seeds, benefit=benefit, ablations=ablations
    )
    confine(workspace)
    from pipelines.cli.progress import plainly
    from pipelines.compare import run_comparison

    summary = run_comparison(
        chosen,
        source,
        data_date,
        workspace,
        results=results,
        git_commit=git_commit(),
        command=_command(config, chosen, data_date, settings),
        show=plainly(),
    )
    if as_json:
        print_json(summary)
    else:
        tell_comparison(summary, chosen, workspace)


def _command(config: str, chosen: Config, data_date: str, settings: Sequence[str] | None) -> str:
    """Returns what makes the same comparison again, without this machine's folders."""
    parts = ["lt4rec", "compare", config, "--arms", ",".join(chosen.comparison.arms)]
    parts += ["--seeds", str(chosen.comparison.seeds)]
    parts += ["--benefit"] if chosen.comparison.benefit else []
    parts += ["--ablations"] if chosen.comparison.ablations else []
    parts += ["--data-date", data_date] if data_date else []
    parts += [part for setting in settings or () for part in ("--set", setting)]
    return f"{shlex.join(parts)} --source … --workspace …"


def tune(
    config: ConfigArgument,
    source: SourceOption,
    workspace: WorkspaceOption,
    arms: ArmsOption = None,
    trials: Annotated[
        int | None, typer.Option("--trials", metavar="N", min=1, help="Trials of each arm.")
    ] = None,
    data_date: DateOption = "",
    target: Annotated[
        Path | None,
        typer.Option("--target", metavar="FILE", help="The TOML to write; WORKSPACE/chosen.toml."),
    ] = None,
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search each arm's settings on the validation day.

    The best are written as TOML.
    """
    chosen = read_comparison(config, settings, arms, trials=trials)
    confine(workspace)
    from pipelines.cli.progress import plainly
    from pipelines.tune import run_tuning

    file = target or workspace / "chosen.toml"
    found = run_tuning(
        chosen, source, data_date, workspace, file, git_commit=git_commit(), show=plainly()
    )
    if as_json:
        print_json({"arms": found, "chosen": str(file)})
    else:
        typer.echo(file.read_text(encoding="utf-8"))
