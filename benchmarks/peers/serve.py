"""Does a job each time that a line comes in, and says what it took: for peers' scripts.

It stands beside them and needs nothing but the standard library.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable


def serve(job: Callable[[], object]) -> None:
    """Answers every line of stdin with one line of JSON, until there are no more."""
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        job()
        answer = {
            "wall": time.perf_counter() - wall,
            "cpu": time.process_time() - cpu,
            "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
