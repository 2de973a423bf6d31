from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
COMPONENT = (
    "import sys, threading; from components.lifeline import die_with_runner; "
    "die_with_runner(); print('works', flush=True); threading.Event().wait()"
)


def test_component_dies_with_a_killed_runner_even_behind_a_shell() -> None:
    sleeper = [sys.executable, "-c", "import threading; threading.Event().wait()"]
    with subprocess.Popen(sleeper) as runner:
        environment = {
            **os.environ,
            "LT4REC_RUNNER_PID": str(runner.pid),
            "PYTHONPATH": str(PROJECT),
        }
        command = ["sh", "-c", '"$0" -c "$1"; exit $?', sys.executable, COMPONENT]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) as shell:
            assert shell.stdout is not None
            assert shell.stdout.readline() == b"works\n"
            runner.send_signal(signal.SIGKILL)
            runner.wait()
            assert shell.wait(timeout=30) == 128 + signal.SIGKILL
