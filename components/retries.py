"""What a cluster tries again, and what it mustn't.

Kubeflow Pipelines can't tell failures apart: it retries a task for any exit code but 0
(Argo's policy OnFailure, and KFP 2.17 has no way to give another, nor an expression). So
a step that stops for a reason that no further try can change leaves a note, and the
retries that Kubeflow is going to make all the same end at once, with the same message.
After the last one the note is gone: whoever retries the run by hand gets a real try.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from components.failures import Failure
from components.pipeline_run import KFP_RUN
from components.run_context import RunContext
from lt4rec_core.config import Config, resources_of
from lt4rec_core.data.atomic import file_aside
from lt4rec_core.errors import ConfigError, StoreError, TrainingError, ValidationError

_FINAL = tuple(kind.__name__ for kind in (ConfigError, ValidationError, TrainingError))


def note_if_final(context: RunContext, failure: Failure, config: Config) -> None:
    """Leaves the note, on a cluster, if the failure is final and retries are to come."""
    left = resources_of(failure.stage, config.cluster).retries
    if failure.kind in _FINAL and left and KFP_RUN in os.environ:
        _write(_path(context, failure.stage), failure, left)


def stop_if_final(context: RunContext, node: str) -> None:
    """Ends the process as the noted failure did, and counts this try; else does nothing."""
    path = _path(context, node)
    try:
        noted = json.loads(path.read_text(encoding="utf-8"))
        failure, left = Failure(**noted["failure"]), int(noted["left"]) - 1
    except (OSError, ValueError, TypeError, KeyError):
        return
    if left > 0:
        _write(path, failure, left)
    else:
        path.unlink(missing_ok=True)
    print(  # noqa: T201
        f"[{node}] not tried again, for the reason hasn't gone: {failure.message}",
        file=sys.stderr,
        flush=True,
    )
    sys.exit(failure.exit_code)


def _write(path: Path, failure: Failure, left: int) -> None:
    with contextlib.suppress(StoreError, OSError), file_aside(path) as partial:
        partial.write_text(json.dumps({"failure": asdict(failure), "left": left}), "utf-8")


def _path(context: RunContext, node: str) -> Path:
    return context.workspace / "failures" / f"{context.run_id}-{node}.final.json"
