"""How a component's error reaches whoever started the run: as a file in the workspace."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from lt4rec_core import errors
from lt4rec_core.data.atomic import file_aside
from lt4rec_core.errors import LT4RECError, StoreError


@dataclass(frozen=True)
class Failure:
    """Why a step stopped; `kind` is the class of the error."""

    stage: str
    kind: str
    message: str
    exit_code: int = 1

    def error(self) -> LT4RECError | None:
        """Returns the error to raise on the other side; None if it wasn't raised on purpose."""
        known = getattr(errors, self.kind, None)
        if isinstance(known, type) and issubclass(known, LT4RECError):
            return known(self.message)
        return None


def write_failure(workspace: Path, run_id: str, failure: Failure) -> None:
    """Writes `failures/<run_id>.json` atomically; a full disk must not hide the failure."""
    with contextlib.suppress(StoreError, OSError), file_aside(_path(workspace, run_id)) as path:
        path.write_text(json.dumps(asdict(failure)), encoding="utf-8")


def read_failure(workspace: Path, run_id: str) -> Failure | None:
    """Returns what `write_failure` left for the run, or None."""
    try:
        return Failure(**json.loads(_path(workspace, run_id).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _path(workspace: Path, run_id: str) -> Path:
    return workspace / "failures" / f"{quote(run_id or 'unstarted', safe='')}.json"
