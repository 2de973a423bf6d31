"""Work in a process of its own: its seconds and its peak memory."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.row import Clock

_PROJECT = Path(__file__).resolve().parent.parent


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
    start = time.perf_counter()
    environment = {**os.environ, **(variables or {}), "PYTHONPATH": path}
    process = subprocess.Popen(command, stdout=stdout, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command))
    seconds = wall if clock == "wall" else usage.ru_utime + usage.ru_stime
    return Ended(seconds, usage.ru_maxrss * 1024)
