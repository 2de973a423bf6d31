"""How long the command line takes before it does anything."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from benchmarks.child import run_child
from benchmarks.interleave import interleaved
from benchmarks.row import Bench, Row, Topic, row_of

_COMMANDS = {
    "bare": ["-c", "pass"],
    "help": ["-m", "pipelines.cli", "--help"],
    "libraries": ["-c", "import torch, mlflow, kfp, polars, great_expectations"],
}


def measure(bench: Bench) -> Iterator[Row]:
    """Yields the seconds of `lt4rec --help`, of bare Python, and of the heavy libraries."""
    contestants = {
        name: lambda arguments=arguments: (
            run_child([sys.executable, *arguments], bench.clock, stdout=subprocess.DEVNULL).seconds
        )
        for name, arguments in _COMMANDS.items()
        if name != "libraries" or not bench.quick
    }
    seconds = interleaved(bench, contestants)
    yield row_of("start_up.help", seconds["help"], "s", "<= 0.3", "the clock")
    yield row_of("start_up.bare", seconds["bare"], "s", "", "bare Python")
    if "libraries" in seconds:
        yield row_of("start_up.libraries", seconds["libraries"], "s", "", "what a node may import")


START_UP = Topic(
    title="Start-up",
    about="`lt4rec --help`, and what importing the heavy libraries would cost on top.",
    measure=measure,
)
