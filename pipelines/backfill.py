"""Runs the days of a span one after the other, as if each had been run in its turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from components.pipeline_run import finished_day
from components.store import open_store
from lt4rec_core.config import Config
from lt4rec_core.errors import InputError, LT4RECError, ValidationError
from lt4rec_core.preflight import check_daily, check_ready
from pipelines.local_run import Show
from pipelines.retrain import run_retraining
from pipelines.summary import summarize_day

_KEPT = (
    *("run_id", "dataset", "metrics", "mtl_gain", "model"),
    *("started_from", "train_days", "late", "left_out"),
)


@dataclass(frozen=True)
class Backfill:
    """What came of each day, and the error of the first one that failed."""

    days: tuple[Mapping[str, Any], ...]
    failure: LT4RECError | None = None


def run_backfill(
    config: Config,
    source: str,
    first: str,
    last: str,
    workspace: Path,
    *,
    git_commit: str = "",
    show: Show,
) -> Backfill:
    """Runs each day from `first` to `last` that wasn't run to its end in this workspace.

    A day whose own data can't be used, missing or refused by validation, has failed: the
    champion stays, and the next day starts from it. Any other failure stops the backfill,
    since it would stop the next day too. Called again, it goes on where it was. The days
    of `ingest.exclude_dates` are passed over.

    The other arguments are `run_retraining`'s.

    Raises:
        InputError: `last` is before `first`.
        LT4RECError: of the class that the failing step raised.
    """
    span = list(_days(first, last))
    if not span:
        raise InputError(f"there is no day from {first} to {last}: give the earlier one first")
    check_ready(config)
    check_daily(config)
    place = workspace.expanduser().resolve()
    days: list[Mapping[str, Any]] = []
    failures: list[LT4RECError] = []
    excluded = {day.isoformat() for day in config.ingest.exclude_dates}
    for day in span:
        if day in excluded:
            days.append({"data_date": day, "status": "left out"})
            show(f"[backfill] {len(days)} of {len(span)}: {tell(days[-1])}")
            continue
        try:
            entry = _done(config, day, place)
            if entry is None:
                summary = run_retraining(
                    config, source, day, workspace, git_commit=git_commit, show=show
                )
                entry = {"data_date": day, "status": "done", **_told(summary)}
        except (InputError, ValidationError) as error:
            failures.append(error)
            entry = {"data_date": day, "status": "failed", "error": str(error)}
        days.append(entry)
        show(f"[backfill] {len(days)} of {len(span)}: {tell(entry)}")
    return Backfill(tuple(days), failures[0] if failures else None)


def tell(entry: Mapping[str, Any]) -> str:
    """Says in one line what came of a day."""
    if entry["status"] == "left out":
        return f"{entry['data_date']} left out: ingest.exclude_dates names it"
    if entry["status"] == "failed":
        return f"{entry['data_date']} failed: {entry['error'].splitlines()[0]}"
    model, verdict = entry["model"], "accepted" if entry["accepted"] else "refused"
    masks = "masks searched" if entry["search"] else f"masks of {entry['searched']}"
    known = " (done before)" if entry["status"] == "skipped" else ""
    late = f", late data of {', '.join(entry['late'])}" if entry["late"] else ""
    gaps = f", without {', '.join(entry['left_out'])}" if entry["left_out"] else ""
    version = f"version {model['version']}, {model['alias']}"
    return f"{entry['data_date']} {verdict}, {version}, {masks}{gaps}{late}{known}"


def _done(config: Config, day: str, workspace: Path) -> dict[str, Any] | None:
    if not config.tracking.uri and not (workspace / "mlflow.db").exists():
        return None
    store = open_store(config.tracking, workspace)
    run_id = finished_day(store, config.register.model_name, day)
    if run_id is None:
        return None
    return {"data_date": day, "status": "skipped", **_told(summarize_day(store, run_id, day))}


def _told(summary: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: summary[name] for name in _KEPT},
        "accepted": summary["gate"]["accepted"],
        **summary["search"],
        "seconds": round(sum(summary["seconds"].values()), 2),
    }


def _days(first: str, last: str) -> Iterator[str]:
    day, end = date.fromisoformat(first), date.fromisoformat(last)
    while day <= end:
        yield day.isoformat()
        day += timedelta(days=1)
