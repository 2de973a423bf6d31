"""The commands: each reads its arguments, calls one function, and says what came of it.

Only typer is imported here: `lt4rec --help` must answer at once. What a command works
with is imported when it works.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from pipelines.cli.arguments import data_day, git_commit, read_comparison, read_config
from pipelines.cli.ending import Program
from pipelines.cli.surroundings import confine, silence

app = typer.Typer(
    name="lt4rec",
    cls=Program,
    help="Multi-task recommenders that share single connections of one network.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 finished (whether the gate accepted or refused), 2 wrong usage, "
    "configuration or input, 3 the data failed validation, 1 anything else.",
)

ConfigArgument = Annotated[
    str, typer.Argument(metavar="CONFIG", help="A TOML file, or a shipped one's name, like demo.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Changes one setting; repeatable."),
]
SourceOption = Annotated[
    str, typer.Option("--source", metavar="PATH", help="Raw logs: a folder or an s3:// prefix.")
]
DateOption = Annotated[
    str,
    typer.Option(
        "--data-date",
        metavar="YYYY-MM-DD",
        callback=data_day,
        help="The test day; a source without dates needs none.",
    ),
]
WorkspaceOption = Annotated[
    Path, typer.Option("--workspace", metavar="DIR", help="Everything made goes below this folder.")
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="The last line of stdout is the result as one JSON object.")
]
ArmsOption = Annotated[
    list[str] | None,
    typer.Option("--arms", metavar="ARM,…", help="Sharing methods, by comma; all for every one."),
]


class Pipeline(StrEnum):
    """The DAGs that can be compiled."""

    TRAINING = "training"
    COMPARISON = "comparison"


def _version(asked: bool) -> None:
    if asked:
        from lt4rec_core import __version__

        typer.echo(f"lt4rec {__version__}")
        raise typer.Exit


@app.callback()
def lt4rec(
    version: Annotated[  # noqa: ARG001 (acts by its callback)
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Says the version.")
    ] = False,
) -> None:
    """Multi-task recommenders that share single connections of one network."""
    silence()


@app.command()
def generate(
    config: ConfigArgument,
    target: Annotated[Path, typer.Option("--target", metavar="DIR", help="A new folder.")],
    settings: SetOption = None,
) -> None:
    """Write made-up raw logs of a world with a known truth, as the section synthetic says."""
    from lt4rec_core.data.synthetic.generate import generate as write_logs
    from pipelines.cli.progress import Told, watching

    made = read_config(config, settings).synthetic
    with watching(("generate",)) as show:
        write_logs(made, target, Told("generate", show))
    count = f"{made.days} days of {made.rows_per_day:,} impressions"
    typer.echo(f"{count}, from {made.start_date}, in {target}")


@app.command()
def run(
    config: ConfigArgument,
    source: SourceOption,
    workspace: WorkspaceOption,
    data_date: DateOption = "",
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the training DAG on this machine: from raw logs to a gated, registered model."""
    from pipelines.cli.closing import tell_run
    from pipelines.cli.progress import nodes, watching

    chosen = read_config(config, settings)
    confine(workspace)
    from pipelines.run import run_training

    with watching(nodes(chosen)) as show:
        summary = run_training(
            chosen, source, data_date, workspace, git_commit=git_commit(), show=show
        )
    if as_json:
        _print_json(summary)
    else:
        tell_run(summary, chosen, workspace)


@app.command()
def validate(
    config: ConfigArgument,
    source: SourceOption,
    workspace: WorkspaceOption,
    data_date: DateOption = "",
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ingest and validate only; `run` in the same workspace takes up what was made."""
    from pipelines.cli.closing import tell_validation
    from pipelines.cli.progress import watching

    chosen = read_config(config, settings)
    confine(workspace)
    from pipelines.validation import run_validation

    with watching(("ingest", "validate")) as show:
        result = run_validation(
            chosen, source, data_date, workspace, git_commit=git_commit(), show=show
        )
    if as_json:
        _print_json(result.summary)
    else:
        tell_validation(result.summary)
    if result.failure is not None:
        raise result.failure


@app.command()
def compare(
    config: ConfigArgument,
    source: SourceOption,
    workspace: WorkspaceOption,
    arms: ArmsOption = None,
    seeds: Annotated[
        int | None, typer.Option("--seeds", metavar="K", min=1, help="Trainings of each arm.")
    ] = None,
    data_date: DateOption = "",
    results: Annotated[
        Path | None,
        typer.Option("--results", metavar="FILE", help="Where RESULTS.md goes as well."),
    ] = None,
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train every way of sharing with several seeds, under the same rules, side by side."""
    from pipelines.cli.closing import tell_comparison

    chosen = read_comparison(config, settings, arms, seeds=seeds)
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
        show=plainly(),
    )
    if as_json:
        _print_json(summary)
    else:
        tell_comparison(summary, chosen, workspace)


@app.command()
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
    """Search each arm's settings on the validation day, and write the best as TOML."""
    chosen = read_comparison(config, settings, arms, trials=trials)
    confine(workspace)
    from pipelines.cli.progress import plainly
    from pipelines.tune import run_tuning

    file = target or workspace / "chosen.toml"
    found = run_tuning(
        chosen, source, data_date, workspace, file, git_commit=git_commit(), show=plainly()
    )
    if as_json:
        _print_json({"arms": found, "chosen": str(file)})
    else:
        typer.echo(file.read_text(encoding="utf-8"))


@app.command("compile")
def compile_dag(
    config: ConfigArgument,
    target: Annotated[Path, typer.Option("--target", metavar="FILE", help="The .yaml to write.")],
    pipeline: Annotated[
        Pipeline, typer.Option("--pipeline", help="What `run` runs, or what `compare` does.")
    ] = Pipeline.TRAINING,
    settings: SetOption = None,
) -> None:
    """Write the same DAG for a cluster, as KFP's IR YAML."""
    chosen = read_config(config, settings)
    from pipelines.compile import compile_pipeline

    typer.echo(compile_pipeline(chosen, target, git_commit(), pipeline.value))


@app.command()
def report(
    workspace: WorkspaceOption,
    run_id: Annotated[
        str, typer.Option("--run-id", help="Which run; the latest finished one by default.")
    ] = "",
    target: Annotated[
        Path | None, typer.Option("--target", metavar="FILE", help="Where the page goes.")
    ] = None,
    config: Annotated[
        str, typer.Option("--config", metavar="CONFIG", help="Names another MLflow store.")
    ] = "",
    settings: SetOption = None,
) -> None:
    """Fetch a run's HTML report from MLflow's artifacts."""
    from lt4rec_core.config import Tracking

    tracking = read_config(config, settings).tracking if config else Tracking()
    from pipelines.cli.fetching import fetch_report

    typer.echo(fetch_report(tracking, workspace, run_id, target))


@app.command()
def doctor(
    config: Annotated[str, typer.Argument(metavar="[CONFIG]", help="See `lt4rec run`.")] = "",
    workspace: Annotated[
        Path, typer.Option("--workspace", metavar="DIR", help="Where you mean to run.")
    ] = Path(),
    source: Annotated[
        str, typer.Option("--source", metavar="PATH", help="Raw logs that you mean to read.")
    ] = "",
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check this machine and the configuration's stores, and say what to do."""
    from pipelines.cli.closing import tell_checks
    from pipelines.doctor import examine

    chosen = read_config(config, settings) if config else None
    checks = examine(chosen, workspace, source)
    failed = any(check.status == "fail" for check in checks)
    if as_json:
        _print_json({"healthy": not failed, "checks": [check.to_json() for check in checks]})
    else:
        tell_checks(checks)
    if failed:
        raise typer.Exit(1)


def _print_json(value: dict[str, Any]) -> None:
    import json

    typer.echo(json.dumps(value, allow_nan=False))


def main() -> None:
    """Runs the command line; exits as the module's epilog says."""
    app()
