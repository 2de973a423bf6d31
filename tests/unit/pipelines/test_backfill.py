from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import pipelines.backfill
from lt4rec_core.config import changed, from_mapping
from lt4rec_core.errors import InputError, LT4RECError, StoreError, ValidationError
from pipelines.backfill import run_backfill, tell

CONFIG = from_mapping({"fields": [{"name": "user_id"}]})
SUMMARY = {
    "run_id": "r",
    "metrics": {},
    "mtl_gain": {},
    "model": {"version": "3", "alias": "champion"},
    "gate": {"accepted": True, "reasons": []},
    "search": {"search": False, "reason": "nothing asks", "searched": "2026-01-02"},
    "started_from": "2",
    "train_days": [],
    "late": {},
    "left_out": {"2026-02-26": "validation stopped its run (row_volume)"},
    "dataset": "d",
    "seconds": {"ingest": 1.0, "register": 0.5},
}


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a day's run raises, by day; the days that were run are under "run"."""
    told: dict[str, Any] = {"run": []}

    def run_retraining(config: Any, source: str, day: str, *_: Any, **__: Any) -> Any:
        told["run"].append(day)
        if day in told:
            raise told[day]
        return SUMMARY

    monkeypatch.setattr(pipelines.backfill, "run_retraining", run_retraining)
    return told


def backfill(tmp_path: Path, first: str = "2026-02-27", last: str = "2026-03-02") -> Any:
    return run_backfill(CONFIG, "logs", first, last, tmp_path, show=lambda line: None)


def test_days_are_run_in_their_order(days: dict[str, Any], tmp_path: Path) -> None:
    result = backfill(tmp_path)
    assert days["run"] == ["2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02"]
    assert [day["status"] for day in result.days] == ["done"] * 4
    assert result.failure is None


@pytest.mark.parametrize("kind", [InputError, ValidationError])
def test_day_with_bad_data_is_left_out_and_told_in_the_end(
    kind: type[LT4RECError], days: dict[str, Any], tmp_path: Path
) -> None:
    days["2026-02-28"] = kind("bad rows")
    result = backfill(tmp_path)
    assert [day["status"] for day in result.days] == ["done", "failed", "done", "done"]
    assert result.failure is days["2026-02-28"]


def test_any_other_failure_stops(days: dict[str, Any], tmp_path: Path) -> None:
    days["2026-02-28"] = StoreError("the disk is full")
    with pytest.raises(StoreError):
        backfill(tmp_path)
    assert days["run"][-1] == "2026-02-28"


def test_span_must_have_a_day(days: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no day from 2026-03-02 to 2026-02-27"):
        backfill(tmp_path, "2026-03-02", "2026-02-27")


def test_a_days_line_says_what_matters(days: dict[str, Any], tmp_path: Path) -> None:
    days["2026-02-28"] = InputError("no rows\nat all")
    lines = [tell(day) for day in backfill(tmp_path).days]
    assert (
        lines[0]
        == "2026-02-27 accepted, version 3, champion, masks of 2026-01-02, without 2026-02-26"
    )
    assert lines[1] == "2026-02-28 failed: no rows"


def test_excluded_days_are_passed_over(days: dict[str, Any], tmp_path: Path) -> None:
    config = changed(CONFIG, {"ingest.exclude_dates": ["2026-02-28"]})
    quiet: Any = lambda line: None  # noqa: E731
    result = run_backfill(config, "logs", "2026-02-27", "2026-03-01", tmp_path, show=quiet)
    assert days["run"] == ["2026-02-27", "2026-03-01"]
    assert result.failure is None
    assert tell(result.days[1]) == "2026-02-28 left out: ingest.exclude_dates names it"
