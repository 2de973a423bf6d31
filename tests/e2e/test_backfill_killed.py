"""Thirty days in a row, killed at random moments, leave what thirty quiet ones leave."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path
from typing import Any

import polars as pl
import pytest

pytestmark = pytest.mark.slow

CONFIG = Path(__file__).with_name("small.toml")
DAYS = int(os.environ.get("LT4REC_BACKFILL_DAYS", "30"))
KILLS = int(os.environ.get("LT4REC_BACKFILL_KILLS", "20"))
FIRST = 5  # of January: three days for training and one for validation stand before it
SETTINGS = {
    "synthetic.days": FIRST - 1 + DAYS,
    # Of so few rows, volume and clicks vary; the bad day has a tenth of the clicks.
    "validate.volume_ratio": "[0.1, 10.0]",
    "validate.click_rate_ratio": "[0.3, 3.0]",
    "choose_search.cadence_days": 10,
}
SAME = (
    *("date", "status", "kind", "why", "rows", "tasks", "drift", "accepted", "reasons"),
    *("version", "aliases", "left_out", "dataset", "config"),
)


def test_thirty_days_with_kills_end_with_the_same_history(lt4rec, tmp_path, capsys):
    seed = int(os.environ.get("LT4REC_KILL_SEED", random.SystemRandom().randrange(1 << 32)))
    tell(capsys, f"LT4REC_KILL_SEED={seed}")
    logs = _world(lt4rec, tmp_path / "logs")
    quiet, killed = tmp_path / "quiet", tmp_path / "killed"
    ended = lt4rec(*_backfill(logs, quiet), settings=SETTINGS)
    tell(capsys, ended.stdout)
    assert ended.code == 3, ended.stderr  # one day is bad
    kills = _kill_at_random(lt4rec, logs, killed, random.Random(seed), capsys)
    assert kills == KILLS
    again = lt4rec(*_backfill(logs, killed), settings=SETTINGS)
    assert again.code == 3, again.stderr
    one, other = (_history(lt4rec, place) for place in (quiet, killed))
    assert one == other
    assert len(one) == DAYS
    bad = [day["date"] for day in one if day["status"] == "failed"]
    assert bad == [_day(DAYS // 2)]
    assert any(day["left_out"] for day in one)
    assert all(day["version"] for day in one if day["date"] not in bad)


def tell(capsys: pytest.CaptureFixture[str], line: str) -> None:
    """Shows a line of progress: the test takes many minutes."""
    with capsys.disabled():
        print(f"\n{line}", end="", flush=True)  # noqa: T201


def _world(lt4rec, target: Path) -> Path:
    """Logs of all days; on the one in the middle hardly anybody clicks."""
    ended = lt4rec("generate", CONFIG, "--target", target, settings=SETTINGS)
    assert ended.code == 0, ended.stderr
    for part in (target / "clicks" / f"date={_day(DAYS // 2)}").iterdir():
        pl.read_parquet(part).head(5).write_parquet(part)
    return target


def _day(number: int) -> str:
    return f"2026-{'01' if FIRST + number <= 31 else '02'}-{(FIRST + number - 1) % 31 + 1:02}"


def _backfill(logs: Path, workspace: Path) -> tuple[object, ...]:
    span = ("--from", _day(0), "--to", _day(DAYS - 1))
    return ("backfill", CONFIG, "--source", logs, *span, "--workspace", workspace)


def _kill_at_random(
    lt4rec, logs: Path, workspace: Path, chance: random.Random, capsys: pytest.CaptureFixture[str]
) -> int:
    """Kills the backfill after a random number of lines; returns how often it could."""
    for kill in range(KILLS):
        lines = chance.randrange(10, 2 + 80 * DAYS // KILLS)
        with lt4rec.start(*_backfill(logs, workspace), settings=SETTINGS) as process:
            last = _read(process, lines)
            process.kill()
            process.communicate()
        if not last:
            return kill
        tell(capsys, f"killed after {last.strip()}")
    return KILLS


def _read(process: subprocess.Popen[str], lines: int) -> str:
    """Reads so many lines and returns the last; "" where the process ends before."""
    assert process.stderr is not None
    for _ in range(lines):
        line = process.stderr.readline()
        if not line:
            return ""
    return line


def _history(lt4rec, workspace: Path) -> list[dict[str, Any]]:
    days = lt4rec("history", "--workspace", workspace, "--json").result["days"]
    return [{name: day[name] for name in SAME} for day in days]
