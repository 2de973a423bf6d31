from __future__ import annotations

import sys

from components.failures import Failure
from pipelines.stream import ComponentStream


def test_progress_is_shown_and_chatter_is_not() -> None:
    shown: list[str] = []
    stream = ComponentStream(shown.append)
    with stream.capturing():
        sys.stdout.write("    [prune-ctr] round")
        sys.stdout.write(" 1/5\n    [KFP Executor 2026-01-01 INFO]: Got executor_input:\n")
    assert shown == ["[prune-ctr] round 1/5"]


def test_tail_starts_at_the_traceback() -> None:
    stream = ComponentStream(lambda line: None)
    stream.write("chatter\n    Traceback (most recent call last):\n    KeyError: 'x'\n")
    told = stream.tail(Failure("warmup", "KeyError", "'x'"), "RuntimeError")
    assert told.startswith("step warmup stopped: KeyError: 'x'")
    assert "chatter" not in told
    assert told.endswith("    KeyError: 'x'")


def test_tail_names_the_task_of_a_component_that_was_killed() -> None:
    stream = ComponentStream(lambda line: None)
    stream.write("Killed\n")
    told = stream.tail(None, "Inner task failed: \x1b[96m'warmup'\x1b[0m.")
    assert told == "Inner task failed: 'warmup'; the last lines of its output were\nKilled"
