"""What this process and its children may do: no telemetry, no file outside the workspace."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_SILENT = {
    "DO_NOT_TRACK": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GX_ANALYTICS_ENABLED": "false",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


def silence() -> None:
    """Turns off what dependencies report home; the environment hands it down."""
    os.environ.update(_SILENT)


def confine(workspace: Path) -> None:
    """Sends caches and temporary files of this process and its children to the workspace.

    Raises:
        InputError: its path has a mark in it that means something in addresses.
        StoreError: the workspace can't be written.
    """
    from components.store_check import refuse_marks
    from lt4rec_core.errors import StoreError

    place = workspace.expanduser().resolve()
    refuse_marks(place)
    cache = place / "cache"
    temporary = cache / "tmp"
    try:
        temporary.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the workspace {workspace} can't be written ({error.strerror}); name a folder that "
            "can be in --workspace"
        ) from error
    os.environ |= {
        "MPLCONFIGDIR": str(cache / "matplotlib"),
        "XDG_CACHE_HOME": str(cache),
        "XDG_CONFIG_HOME": str(cache / "config"),
        "TMPDIR": str(temporary),
    }
    tempfile.tempdir = None  # it's found once a process, and may have been already
