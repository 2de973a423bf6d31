"""Peers: each in a virtual environment of its own under build/, never in the project's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.row import Bench

_PROJECT = Path(__file__).resolve().parent.parent
_ENVIRONMENTS = _PROJECT / "build" / "peers"
_SCRIPTS = Path(__file__).resolve().parent / "peers"


@dataclass(frozen=True)
class Peer:
    """A library that does the same work.

    Attributes:
        name: of its environment.
        requirements: pinned, as pip takes them.
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
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the peer's process has no pipes")
        stdin.write("\n")
        stdin.flush()
        line = stdout.readline()
        if not line:
            raise RuntimeError(f"the peer stopped with {self.process.wait()}; see its message")
        answer = json.loads(line)
        self.peaks.append(answer["peak_bytes"])
        return float(answer[self.clock])


@contextmanager
def running(peer: Peer, arguments: Sequence[str], bench: Bench) -> Iterator[Running]:
    """Starts the peer's script in its environment, which is made the first time."""
    variables = {**os.environ, "OMP_NUM_THREADS": str(bench.threads)}
    command = [str(_python(peer)), str(_SCRIPTS / peer.script), *arguments]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=variables
    )
    try:
        yield Running(process, bench.clock)
    finally:
        process.communicate()


def _python(peer: Peer) -> Path:
    folder = _ENVIRONMENTS / peer.name
    stamp, wanted = folder / "installed", "\n".join(peer.requirements)
    python = folder / "bin" / "python"
    if not (stamp.is_file() and stamp.read_text() == wanted):
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", *peer.requirements]
        subprocess.run(pip, check=True)
        stamp.write_text(wanted)
    return python
