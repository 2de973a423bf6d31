"""A component's process ends with the process that runs the pipeline.

KFP's local runner starts a component through a shell, so that a killed runner
leaves the component at work as an orphan: it would hold the step's lock and write
into its state while the next run waits for it.
"""

from __future__ import annotations

import os
import select
import signal
import threading
import time

_GRACE_SECONDS = 20.0

RUNNER = "LT4REC_RUNNER_PID"
"""Set by the local runner for its components; absent on a cluster."""


def die_with_runner() -> None:
    """Watches the local runner, and ends this process as soon as that one is gone."""
    runner = int(os.environ.get(RUNNER, "0"))
    if runner and runner != os.getpid():
        threading.Thread(target=_watch, args=(runner,), name="lifeline", daemon=True).start()


def _watch(runner: int) -> None:
    _wait_for_end(runner)
    os.kill(os.getpid(), signal.SIGTERM)  # a training saves its state first
    time.sleep(_GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def _wait_for_end(runner: int) -> None:
    try:
        descriptor = os.pidfd_open(runner)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):  # not Linux, or a kernel before 5.3
        while _lives(runner):
            time.sleep(0.5)
        return
    select.select([descriptor], [], [])
    os.close(descriptor)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
