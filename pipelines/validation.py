"""Runs the DAG's first two nodes in this process: ingest and validate, nothing else."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.failures import read_failure
from components.ingest import ingest
from components.pipeline_run import end_killed, held, new_parent
from components.reference import Reference
from components.store import Store, open_store
from components.validate import validate
from lt4rec_core.config import Config, to_mapping
from lt4rec_core.errors import LT4RECError, ValidationError
from lt4rec_core.preflight import check_date, check_ready
from pipelines.stream import ComponentStream


@dataclass(frozen=True)
class Validation:
    """What came of a validation; `failure` is the error to stop with, if there is one."""

    summary: dict[str, Any]
    failure: ValidationError | None = None


def run_validation(
    config: Config,
    source: str,
    data_date: str,
    workspace: Path,
    *,
    git_commit: str = "",
    show: Callable[[str], None],
) -> Validation:
    """Ingests and validates, or finds both done; a run of the DAG finds them in turn.

    The arguments are `run_training`'s.

    Raises:
        LT4RECError: of the class that the failing step raised, but for failed expectations.
    """
    check_ready(config)
    check_date(config, data_date)
    place = workspace.expanduser().resolve()
    logs = source if "://" in source else str(Path(source).expanduser().resolve())
    store = open_store(config.tracking, place)
    end_killed(store)
    with held(place) as lock:
        parent = new_parent(store, config, logs, data_date, git_commit, lock, "validation")
        stream = ComponentStream(show)
        settings = json.dumps(to_mapping(config))
        try:
            with stream.capturing(), contextlib.redirect_stderr(stream):
                context, dataset = ingest.python_func(
                    settings, logs, data_date, str(place), parent, git_commit
                )
                reference = validate.python_func(settings, context, dataset)
        except SystemExit:  # a component says what was wrong and exits
            store.end(parent, "FAILED")
            failure = read_failure(place, parent)
            foreseen = failure.error() if failure else None
            if not isinstance(foreseen, ValidationError):
                raise (foreseen or LT4RECError(stream.tail(failure))) from None
            kept = place / "failures" / f"{parent}-validate"
            return Validation(_summary(parent, data_date, kept), foreseen)
        except BaseException as error:
            store.end(parent, "FAILED" if isinstance(error, Exception) else "KILLED")
            raise
        store.end(parent, "FINISHED")
        return Validation(_summary(parent, data_date, _folder(store, reference)))


def _folder(store: Store, reference: str) -> Path:
    return store.folder(Reference.parse(reference))


def _summary(run_id: str, data_date: str, folder: Path) -> dict[str, Any]:
    result = json.loads((folder / "validation.json").read_text(encoding="utf-8"))
    counts = {name: result[name] for name in ("failed", "errors", "warnings", "passed", "skipped")}
    failures = [entry for entry in result["results"] if entry["status"] == "failed"]
    return {
        "run_id": run_id,
        "data_date": data_date or None,
        "dataset": result["dataset"],
        **counts,
        "messages": [f"{entry['severity']}: {entry['message']}" for entry in failures],
        "result": str(folder / "validation.json"),
        "data_docs": str(folder / "data_docs" / "index.html"),
    }
