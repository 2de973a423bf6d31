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
    told = stream.tail(Failure("warmup", "KeyError", "'x'"))
    assert told.startswith("step warmup stopped: KeyError: 'x'")
    assert "chatter" not in told
    assert told.endswith("    KeyError: 'x'")


def test_tail_tells_what_there_is_without_a_traceback() -> None:
    stream = ComponentStream(lambda line: None)
    stream.write("Killed\n")
    assert stream.tail(None).endswith("Killed")
