"""Runs a command and writes what it took to a file.

It stands between the benchmark and the command because a process starts with the peak
memory of the one that started it, and the benchmark's own may be large. It imports
nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path


def main(report: str, *command: str) -> None:
    """Runs `command` and exits as it does."""
    start = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    took = {
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak_bytes": usage.ru_maxrss * 1024,
    }
    Path(report).write_text(json.dumps(took))
    sys.exit(process.returncode)


if __name__ == "__main__":
    main(*sys.argv[1:])
