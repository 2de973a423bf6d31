"""SIGTERM during training: save the state, then do what the signal would have done at once.

A cluster takes a node back with a SIGTERM and, 30 seconds later, a SIGKILL. A step takes
far less, so that nothing is lost but the batch at hand.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType

from lt4rec_core.errors import TrainingError


@dataclass
class Preemption:
    """Whether a SIGTERM came; who trains then saves its state and leaves the `with` block."""

    asked: bool = False


@contextlib.contextmanager
def preemption() -> Iterator[Preemption]:
    """Holds SIGTERM back until the end of the `with` block.

    Raises:
        TrainingError: the signal came, and whoever handles it lets the process live.
    """
    seen = Preemption()

    def note(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (signal's signature)
        seen.asked = True

    try:
        former = signal.signal(signal.SIGTERM, note)
    except ValueError:  # not in the main thread, where signals can't be handled
        yield seen
        return
    try:
        yield seen
    finally:
        signal.signal(signal.SIGTERM, former)
    if seen.asked:
        os.kill(os.getpid(), signal.SIGTERM)
        raise TrainingError("stopped by SIGTERM; the state was saved: run again to go on")
