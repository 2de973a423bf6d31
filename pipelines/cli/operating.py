"""The commands about the days and versions of a model; see `pipelines.cli.commands`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.arguments import address, data_day, day_of, read_config
from pipelines.cli.ending import print_json
from pipelines.cli.options import (
    ConfigArgument,
    JsonOption,
    ScheduledOption,
    SetOption,
    WorkspaceOption,
)
from pipelines.cli.surroundings import confine

if TYPE_CHECKING:
    from components.store import Store
    from lt4rec_core.config import Monitor

RegistryOption = Annotated[
    str, typer.Option("--config", metavar="CONFIG", help="Names another MLflow store, and bounds.")
]
TrackingOption = Annotated[
    str,
    typer.Option(
        "--tracking-uri",
        metavar="URI",
        callback=address,
        help="The MLflow server, without a config.",
    ),
]
ModelOption = Annotated[
    str, typer.Option("--model", metavar="NAME", help="Which one; the only registered by default.")
]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it's recorded.")]
ByOption = Annotated[
    str, typer.Option("--by", metavar="WHO", help="Who decides; the login name by default.")
]


def history(
    workspace: WorkspaceOption,
    config: RegistryOption = "",
    tracking_uri: TrackingOption = "",
    model: ModelOption = "",
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show each day's run, verdict, metrics, gains, alerts."""
    store, name, bounds = _open(workspace, config, tracking_uri, model, settings)
    from pipelines.cli.days import tell_history
    from pipelines.monitoring import history as read_history

    found = read_history(store, name, bounds)
    if as_json:
        print_json(found)
    else:
        tell_history(found)


def trend(
    workspace: WorkspaceOption,
    target: Annotated[
        Path | None,
        typer.Option("--target", metavar="FILE", help="The page; WORKSPACE/reports/trend.html."),
    ] = None,
    config: RegistryOption = "",
    tracking_uri: TrackingOption = "",
    model: ModelOption = "",
    settings: SetOption = None,
) -> None:
    """Write all days as one HTML page.

    Their metrics, gains, rates, drift, volume and verdicts.
    """
    store, name, bounds = _open(workspace, config, tracking_uri, model, settings)
    from lt4rec_core.report.trend import render_trend
    from pipelines.monitoring import history as read_history

    page = target or store.workspace / "reports" / "trend.html"
    typer.echo(render_trend(read_history(store, name, bounds), bounds.max_psi, page))


def monitor(
    config: ConfigArgument,
    workspace: WorkspaceOption,
    date: Annotated[
        str,
        typer.Option(
            "--date", metavar="YYYY-MM-DD", callback=data_day, help="The day; else the latest."
        ),
    ] = "",
    scheduled: ScheduledOption = "",
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge a day by the days before it, and post its alerts.

    Exits with 4 where one has the severity error.
    """
    chosen = read_config(config, settings)
    confine(workspace)
    from lt4rec_core.errors import AlertError
    from pipelines.cli.days import tell_alerts
    from pipelines.cli.fetching import open_existing
    from pipelines.monitoring import monitor as judge

    store = open_existing(chosen.tracking, workspace)
    day = day_of(date, scheduled, chosen)
    judged = judge(store, chosen.register.model_name, chosen.monitor, day)
    if as_json:
        print_json(judged.to_json())
    else:
        tell_alerts(judged)
    if judged.undelivered is not None:
        raise judged.undelivered
    if judged.errors:
        raise AlertError(
            f"{judged.day.date or judged.day.run_id} has {judged.errors} alert(s) of severity "
            "error; `lt4rec history` shows the days before"
        )


def promote(
    version: Annotated[str, typer.Argument(metavar="VERSION", help="A registered version.")],
    workspace: WorkspaceOption,
    reason: ReasonOption,
    by: ByOption = "",
    config: RegistryOption = "",
    tracking_uri: TrackingOption = "",
    model: ModelOption = "",
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a version the champion, whatever the gate said."""
    store, name, _ = _open(workspace, config, tracking_uri, model, settings)
    from components.promotion import promote as make_champion
    from pipelines.cli.days import tell_change

    outcome = make_champion(store, name, version, who=by or _login(), reason=reason)
    if as_json:
        print_json(outcome.to_json())
    else:
        tell_change(outcome)


def rollback(
    workspace: WorkspaceOption,
    reason: ReasonOption,
    to: Annotated[
        str, typer.Option("--to", metavar="VERSION", help="The champion before by default.")
    ] = "",
    by: ByOption = "",
    config: RegistryOption = "",
    tracking_uri: TrackingOption = "",
    model: ModelOption = "",
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the champion before the champion again."""
    store, name, _ = _open(workspace, config, tracking_uri, model, settings)
    from components.promotion import rollback as go_back
    from pipelines.cli.days import tell_change

    outcome = go_back(store, name, to, who=by or _login(), reason=reason)
    if as_json:
        print_json(outcome.to_json())
    else:
        tell_change(outcome)


def export(
    workspace: WorkspaceOption,
    target: Annotated[Path, typer.Option("--target", metavar="FILE", help="The .onnx to write.")],
    version: Annotated[
        str, typer.Option("--version", metavar="VERSION", help="The champion by default.")
    ] = "",
    config: RegistryOption = "",
    tracking_uri: TrackingOption = "",
    model: ModelOption = "",
    settings: SetOption = None,
) -> None:
    """Write a version's folded heads as an ONNX graph.

    For servers that don't run Python.
    """
    store, name, _ = _open(workspace, config, tracking_uri, model, settings)
    from components.model_registry import champion_version, load_version
    from components.promotion import read_tags
    from lt4rec_core.data.atomic import file_aside
    from lt4rec_core.errors import InputError
    from lt4rec_core.ranking.onnx_heads import onnx_heads
    from lt4rec_core.ranking.scorer import Scorer

    number = version or champion_version(store, name)
    if not number:
        raise InputError(f"{name!r} has no champion; expected one, or a version in --version")
    read_tags(store, name, number)  # says which versions there are
    found = load_version(store, name, number)
    if found is not None:
        with file_aside(target) as partial:
            scorer = Scorer.load(found.folder)
            partial.write_bytes(onnx_heads(scorer.layout, scorer.heads))
        typer.echo(f"version {number} of {name}: {target}")


def compare_versions(
    a: Annotated[str, typer.Argument(metavar="A", help="A registered version.")],
    b: Annotated[str, typer.Argument(metavar="B", help="Another one; gains are B's over A's.")],
    workspace: WorkspaceOption,
    config: RegistryOption = "",
    tracking_uri: TrackingOption = "",
    model: ModelOption = "",
    settings: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare two versions on the newer one's test day.

    And what they are made of.
    """
    store, name, _ = _open(workspace, config, tracking_uri, model, settings)
    from pipelines.cli.versions import tell_versions
    from pipelines.versions import compare_versions as compare

    judged_by = read_config(config, settings) if config else None
    compared = compare(store, name, a, b, judged_by)
    if as_json:
        print_json(compared)
    else:
        tell_versions(compared)


def _open(
    workspace: Path, config: str, tracking_uri: str, model: str, settings: list[str] | None
) -> tuple[Store, str, Monitor]:
    """Opens the store of earlier runs; returns the model that is meant, and the bounds."""
    from components.history import find_model
    from lt4rec_core.config import Monitor, Tracking
    from pipelines.cli.fetching import open_existing

    chosen = read_config(config, settings) if config else None
    if chosen is None and settings:
        raise typer.BadParameter("--set changes a configuration: name one in --config")
    if tracking_uri and chosen is not None:
        raise typer.BadParameter("give --config or --tracking-uri, not both")
    confine(workspace)
    tracking = chosen.tracking if chosen else Tracking(uri=tracking_uri)
    store = open_existing(tracking, workspace)
    name = find_model(store, model or (chosen.register.model_name if chosen else ""))
    return store, name, chosen.monitor if chosen else Monitor()


def _login() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return f"uid {os.getuid()}"
