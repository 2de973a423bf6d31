from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from components.day_lock import day_lock
from lt4rec_core.errors import StoreError

HOLDER = """
import sys, time
from pathlib import Path
from components.day_lock import day_lock
with day_lock(Path(sys.argv[1]), "model", "2026-01-05", print):
    print("held", flush=True)
    sys.stdin.read()
"""


def quiet(line: str) -> None:
    raise AssertionError(f"nobody should be waited for: {line}")


@pytest.fixture
def holder(tmp_path: Path):
    """Another process that holds the lock until its stdin is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_second_run_waits_and_says_for_whom(holder, tmp_path: Path) -> None:
    said: list[str] = []
    waits = threading.Event()

    def told(line: str) -> None:
        said.append(line)
        waits.set()

    def enter() -> None:
        with day_lock(tmp_path, "model", "2026-01-05", told):
            said.append("entered")

    thread = threading.Thread(target=enter)
    thread.start()
    assert waits.wait(60)
    assert f"process {holder.pid} on " in said[0]
    assert "at work on 2026-01-05" in said[0]
    assert len(said) == 1
    holder.communicate()
    thread.join(60)
    assert said[1:] == ["entered"]


def test_killed_holder_leaves_no_lock_behind(holder, tmp_path: Path) -> None:
    holder.kill()
    holder.wait()
    with day_lock(tmp_path, "model", "2026-01-05", quiet):
        pass


def test_other_models_do_not_wait(holder, tmp_path: Path) -> None:
    with day_lock(tmp_path, "another", "2026-01-05", quiet):
        pass


def test_workspace_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "locks").write_text("")
    with pytest.raises(StoreError, match="can't be written"), day_lock(tmp_path, "m", "d", quiet):
        pass
