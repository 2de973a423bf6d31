"""Does a job each time that a line comes in, and says what it took: for peers' scripts.

It stands beside them and needs nothing but the standard library.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path


def serve(job: Callable[[], object]) -> None:
    """Answers every line of stdin with one line of JSON, until there are no more.

    What the job returns goes along as "found".
    """
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        found = job()
        answer = {
            "wall": time.perf_counter() - wall,
            "cpu": time.process_time() - cpu,
            "found": found,
            "peak_bytes": peak_bytes(),
        }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def peak_bytes() -> int:
    """Returns this process's peak memory; what getrusage says includes its parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    status = dict(line.split(":", 1) for line in lines)
    return int(status["VmHWM"].split()[0]) * 1024


def forget_peak() -> None:
    """Lets `peak_bytes` begin anew from the memory held now."""
    Path("/proc/self/clear_refs").write_text("5")
