"""Work in a process of its own: its seconds and its peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.row import Clock

_PROJECT = Path(__file__).resolve().parent.parent
_LAUNCH = Path(__file__).resolve().parent / "launch.py"


@dataclass(frozen=True)
class Ended:
    """What a process took."""

    seconds: float
    peak_bytes: int


def run_child(
    command: Sequence[str],
    clock: Clock,
    stdout: int | None = None,
    variables: Mapping[str, str] | None = None,
) -> Ended:
    """Runs `command` with this project on its path; raises CalledProcessError where it fails."""
    path = os.pathsep.join([str(_PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, **(variables or {}), "PYTHONPATH": path}
    with tempfile.NamedTemporaryFile("r") as report:
        launched = [sys.executable, str(_LAUNCH), report.name, *command]
        subprocess.run(launched, stdout=stdout, env=environment, check=True)
        took = json.load(report)
    return Ended(took[clock], took["peak_bytes"])
