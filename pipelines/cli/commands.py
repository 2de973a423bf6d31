"""The commands: each reads its arguments, calls one function, and says what came of it.

Only typer is imported here: `lt4rec --help` must answer at once. What a command works
with is imported when it works.
"""

from __future__ import annotations

import atexit
import gc
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.arguments import address, git_commit, read_config
from pipelines.cli.cluster import schedule, submit
from pipelines.cli.comparing import compare, tune
from pipelines.cli.ending import Program, print_json
from pipelines.cli.operating import (
    compare_versions,
    export,
    history,
    monitor,
    promote,
    rollback,
    trend,
)
from pipelines.cli.options import (
    ConfigArgument,
    DateOption,
    JsonOption,
    Pipeline,
    PipelineOption,
    SetOption,
    SourceOption,
    WorkspaceOption,
)
from pipelines.cli.retraining import backfill, retrain
from pipelines.cli.surroundings import confine, silence

app = typer.Typer(
    name="lt4rec",
    cls=Program,
    help="Multi-task recommenders that share single connections of one network.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # importing rich would double the time that --help takes
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 finished (whether the gate accepted or refused), 2 wrong usage, "
    "configuration or input, 3 the data failed validation, 4 a day has an alert of severity "
    "error, 1 anything else.",
)


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
    """Write raw logs of a made-up world with a known truth."""
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
    """Run the DAG here, from raw logs to a gated model."""
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
        print_json(summary)
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
    """Ingest and validate only.

    `run` in the same workspace takes up what was made.
    """
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
        print_json(result.summary)
    else:
        tell_validation(result.summary)
    if result.failure is not None:
        raise result.failure


@app.command("compile")
def compile_dag(
    config: ConfigArgument,
    target: Annotated[Path, typer.Option("--target", metavar="FILE", help="The .yaml to write.")],
    pipeline: PipelineOption = Pipeline.TRAINING,
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
        str,
        typer.Option(
            "--source", metavar="PATH", callback=address, help="Raw logs that you mean to read."
        ),
    ] = "",
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check this machine and the stores, and say what to do."""
    from pipelines.cli.closing import tell_checks
    from pipelines.doctor import examine

    chosen = read_config(config, settings) if config else None
    checks = examine(chosen, workspace, source)
    failed = any(check.status == "fail" for check in checks)
    if as_json:
        print_json({"healthy": not failed, "checks": [check.to_json() for check in checks]})
    else:
        tell_checks(checks)
    if failed:
        raise typer.Exit(1)


app.command()(retrain)
app.command()(backfill)
app.command()(compare)
app.command()(tune)
app.command()(history)
app.command()(trend)
app.command()(monitor)
app.command()(promote)
app.command()(rollback)
app.command()(export)
app.command("compare-versions")(compare_versions)
app.command()(submit)
app.add_typer(schedule, name="schedule")


def main() -> None:
    """Runs the command line; exits as the module's epilog says."""
    # Imports make a million objects, and all stay: searching them for cycles took a sixth of the
    # time that it takes to import MLflow.
    gc.set_threshold(100_000)
    # Python ends by looking for cycles among all that was imported: a second after MLflow.
    atexit.register(gc.freeze)
    app()
