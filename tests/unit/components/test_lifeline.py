from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]
COMPONENT = (
    "import signal, threading; from components import lifeline; {settings}; "
    "lifeline.die_with_runner(); print('works', flush=True); threading.Event().wait()"
)


@pytest.mark.parametrize(
    ("settings", "ended_by"),
    [
        ("pass", signal.SIGTERM),
        ("signal.signal(15, signal.SIG_IGN); lifeline._GRACE_SECONDS = 0.0", signal.SIGKILL),
    ],
)
def test_component_dies_with_a_killed_runner_even_behind_a_shell(
    settings: str, ended_by: signal.Signals
) -> None:
    sleeper = [sys.executable, "-c", "import threading; threading.Event().wait()"]
    with subprocess.Popen(sleeper) as runner:
        environment = {
            **os.environ,
            "LT4REC_RUNNER_PID": str(runner.pid),
            "PYTHONPATH": str(PROJECT),
        }
        component = COMPONENT.format(settings=settings)
        command = ["sh", "-c", '"$0" -c "$1"; exit $?', sys.executable, component]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as shell:
            assert shell.stdout is not None
            assert shell.stdout.readline() == b"works\n"
            runner.send_signal(signal.SIGKILL)
            runner.wait()
            assert shell.wait(timeout=30) == 128 + ended_by
