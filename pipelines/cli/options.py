"""Arguments and options that several commands take."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.arguments import address, data_day


class Pipeline(StrEnum):
    """The DAGs that can be compiled."""

    TRAINING = "training"
    DAILY_RETRAINING = "daily-retraining"
    COMPARISON = "comparison"


ConfigArgument = Annotated[
    str, typer.Argument(metavar="CONFIG", help="A TOML file, or a shipped one's name, like demo.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.KEY=VALUE", help="Changes one setting; repeatable."),
]
SourceOption = Annotated[
    str,
    typer.Option(
        "--source",
        metavar="PATH",
        callback=address,
        help="Raw logs: a folder or an s3:// prefix.",
    ),
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
ForceOption = Annotated[
    bool, typer.Option("--force", help="Run a day that is done anew, to a new version.")
]
ScheduledOption = Annotated[
    str,
    typer.Option(
        "--scheduled-time",
        metavar="TIME",
        help="When the run was due, like 2026-01-05T03:00:00Z: the day follows from it.",
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="The last line of stdout is the result as one JSON object.")
]
ArmsOption = Annotated[
    list[str] | None,
    typer.Option("--arms", metavar="ARM,…", help="Sharing methods, by comma; all for every one."),
]
PipelineOption = Annotated[
    Pipeline, typer.Option("--pipeline", help="What `run`, `retrain` or `compare` runs.")
]
