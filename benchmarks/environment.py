"""Peers: each in a virtual environment of its own under build/, never in the project's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.row import Bench

_PROJECT = Path(__file__).resolve().parent.parent
_ENVIRONMENTS = _PROJECT / "build" / "peers"
_SCRIPTS = Path(__file__).resolve().parent / "peers"


@dataclass(frozen=True)
class Peer:
    """A library that does the same work.

    Attributes:
        name: of its environment.
        requirements: pinned, as pip takes them; "torch" means the very build that we use.
        script: in `benchmarks/peers/`, which gets the arguments and serves a job.
    """

    name: str
    requirements: tuple[str, ...]
    script: str


@dataclass
class Running:
    """A peer's process, which does its job once for each turn."""

    process: subprocess.Popen[str]
    clock: str
    peaks: list[float] = field(default_factory=list)

    def turn(self) -> float:
        """Does the job and returns its seconds; raises RuntimeError where the peer failed."""
        return float(self.ask()[self.clock])

    def ask(self) -> dict[str, Any]:
        """Does the job and returns the whole answer; see `benchmarks.peers.serve`."""
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the peer's process has no pipes")
        stdin.write("\n")
        stdin.flush()
        line = stdout.readline()
        while line and not line.startswith('{"wall"'):  # a library printed something
            line = stdout.readline()
        if not line:
            raise RuntimeError(f"the peer stopped with {self.process.wait()}; see its message")
        answer: dict[str, Any] = json.loads(line)
        self.peaks.append(answer["peak_bytes"])
        return answer


@contextmanager
def running(peer: Peer, arguments: Sequence[str], bench: Bench) -> Iterator[Running]:
    """Starts the peer's script in its environment, which is made the first time."""
    with served([str(_python(peer)), str(_SCRIPTS / peer.script), *arguments], bench) as process:
        yield process


@contextmanager
def served(command: Sequence[str], bench: Bench) -> Iterator[Running]:
    """Starts a command that does its job for every line, with as many threads as `bench` says."""
    variables = {
        **os.environ,
        "OMP_NUM_THREADS": str(bench.threads),
        "POLARS_MAX_THREADS": str(bench.threads),
    }
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=variables
    )
    try:
        yield Running(process, bench.clock)
    finally:
        process.communicate()


def _python(peer: Peer) -> Path:
    folder = _ENVIRONMENTS / peer.name
    ours = f"torch=={version('torch')}"
    requirements = [ours if one == "torch" else one for one in peer.requirements]
    stamp, wanted = folder / "installed", "\n".join(requirements)
    python = folder / "bin" / "python"
    if not (stamp.is_file() and stamp.read_text() == wanted):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        index = os.environ.get("TORCH_INDEX", "")
        where = ["--extra-index-url", index] if index else []
        pip = [str(python), "-m", "pip", "install", "--quiet", *where, *requirements]
        subprocess.run(pip, check=True)
        stamp.write_text(wanted)
    return python
