"""Training steps by two processes with a thread each, against one process with one and two."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.paper_size import paper_size
from benchmarks.row import Bench, Row, Topic, row_of

_PROJECT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class _Contestant:
    processes: int
    threads: int
    share: float = 1.0


_CONTESTANTS = {
    "one": _Contestant(1, 1),
    "half": _Contestant(1, 1, 0.5),
    "threads": _Contestant(1, 2),
    "two": _Contestant(2, 1),
}


def measure(bench: Bench) -> Iterator[Row]:
    """Yields samples a second, their ratios, and what the exchange of gradients takes."""
    names = ["one", "two"] if bench.quick else list(_CONTESTANTS)
    told: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for _ in range(bench.rounds):
        for name in names:
            for what, value in _launch(bench, _CONTESTANTS[name]).items():
                told[name][what].append(value)
    batch = paper_size(bench, 1).batch_size
    rates = {name: batch / np.array(told[name]["seconds"]) for name in names}
    yield row_of("data_parallel.one_rate", rates["one"], "samples/s", "", "1 process, 1 thread")
    yield row_of("data_parallel.two_rate", rates["two"], "samples/s", "", "2 processes, 1 thread")
    ratio = rates["two"] / rates["one"]
    yield row_of("data_parallel.two_to_one", ratio, "×", "", "1 process, 1 thread")
    if not bench.quick:
        rate = rates["threads"]
        yield row_of("data_parallel.threads_rate", rate, "samples/s", "", "1 process, 2 threads")
        ratio = rates["two"] / rate
        yield row_of("data_parallel.two_to_threads", ratio, "×", "", "1 process, 2 threads")
        half = told["half"]
        yield row_of("data_parallel.half_step", half["seconds"], "s", "", "half a batch, 1 thread")
        yield row_of("data_parallel.half_rows", half["rows"], "rows", "", "half a batch")
    yield row_of("data_parallel.step", told["one"]["seconds"], "s", "", "a batch, 1 thread")
    yield row_of("data_parallel.rows", told["one"]["rows"], "rows", "", "a batch's embeddings")
    share = np.array(told["two"]["exchange"]) / np.array(told["two"]["seconds"])
    yield row_of("data_parallel.exchange", share, "×", "", "a step of 2 processes")


def _launch(bench: Bench, contestant: _Contestant) -> Mapping[str, float]:
    """Runs a contestant's processes at once; returns what the first one measured."""
    report = bench.folder / "report.json"
    command = [sys.executable, "-m", "benchmarks.parallel_step", str(report)]
    command += ["--threads", str(contestant.threads), "--share", str(contestant.share)]
    command += ["--quick"] if bench.quick else []
    processes = [
        subprocess.Popen(command, env={**os.environ, **variables}, cwd=_PROJECT)
        for variables in _variables(contestant.processes)
    ]
    codes = [process.wait() for process in processes]
    if any(codes):
        raise subprocess.CalledProcessError(max(codes, key=abs), command)
    told: dict[str, float] = json.loads(report.read_text(encoding="utf-8"))
    return told


def _variables(processes: int) -> Iterator[dict[str, str]]:
    """Yields what torchrun would tell each process; nothing to one that is alone."""
    if processes == 1:
        yield {}
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": str(processes)}
    for rank in range(processes):
        yield {**place, "RANK": str(rank)}


DATA_PARALLEL = Topic(
    title="Data-parallel training",
    about=(
        "The step of the paper's network as above, by processes that share each batch of 4,096 "
        "and exchange their gradients by gloo on loopback: dense ones are added up, of embeddings "
        "the rows that a share has. Two threads of one process are the same two cores."
    ),
    measure=measure,
)
