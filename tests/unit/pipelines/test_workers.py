"""Workers that end before their job does: said plainly, and the others end, too."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from pipelines.workers import ComponentFailedError, Job, run_jobs

JOBS = """
import os, resource, signal
from pathlib import Path

def be_killed():
    os.kill(os.getpid(), signal.SIGKILL)

def take_memory():
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + (64 << 20)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    return len(bytearray(1 << 30))

def answer(said):
    os.write(1, b"not an answer\\n")
    print("[arm] works")
    return said + "!"

def wait():
    signal.pause()
"""


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of a module with functions that end badly."""
    (tmp_path / "ending_badly.py").write_text(JOBS)
    monkeypatch.syspath_prepend(tmp_path)
    return "ending_badly"


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("be_killed", r"process of step arm-1 is gone.*memory.*finished steps are kept"),
        ("take_memory", "step arm-1 stopped: MemoryError"),
    ],
)
def test_a_worker_that_dies_stops_all(jobs: str, function: str, said: str) -> None:
    asked = [Job("arm-0", f"{jobs}:wait", {}), Job("arm-1", f"{jobs}:{function}", {})]
    with pytest.raises(ComponentFailedError, match=said):
        run_jobs(asked, 2, lambda _: None, lambda *_: None)
    assert psutil.Process().children() == []


def test_what_jobs_give_and_tell_comes_back(jobs: str) -> None:
    asked = [Job(f"arm-{place}", f"{jobs}:answer", {"said": "ü\n"}) for place in range(3)]
    lines: list[str] = []
    outputs: dict[str, str] = {}
    run_jobs(asked, 2, lines.append, outputs.__setitem__)
    assert outputs == {job.node: "ü\n!" for job in asked}
    assert lines == ["[arm] works"] * 3
