"""The page of a model's days."""

from __future__ import annotations

from typing import Any

import pytest

from lt4rec_core.report.trend import trend_html

SCRIPT = "<script>alert(1)</script>"


def day(number: int, **changes: Any) -> dict[str, Any]:
    task = {
        "metric": "auc",
        "rows": 100,
        "model": {"auc": 0.7 + number / 100},
        "champion": {"auc": 0.69} if number > 1 else {},
        "single_task": {"auc": 0.68},
        "gain": {"value": 0.02, "low": 0.01, "high": 0.03},
        "label_rate": 0.2,
        "predicted": 0.21,
    }
    plain = {
        "date": f"2026-01-0{number}",
        "run_id": f"run{number}",
        "status": "finished",
        "seconds": 75.2,
        "kind": "full",
        "why": "",
        "failure": "",
        "rows": 1000,
        "tasks": {"ctr": task},
        "drift": {"user": 0.4},
        "unknown": {},
        "accepted": True,
        "reasons": ["ctr auc meets the floor"],
        "version": str(number),
        "aliases": [],
        "left_out": {},
        "dataset": "",
        "config": "",
        "alerts": [],
    }
    return {**plain, **changes}


def page(*days: dict[str, Any], model: str = "feed") -> str:
    return trend_html({"model": model, "champion": "1", "days": list(days)}, 0.25)


def test_page_shows_every_day_its_verdict_and_its_alerts() -> None:
    alert = {"severity": "error", "message": "metric: ctr auc fell"}
    text = page(day(1), day(2, accepted=False, alerts=[alert]), day(3, aliases=["champion"]))
    for said in ("2026-01-01", "2026-01-02", "metric: ctr auc fell", "refused", "champion"):
        assert said in text
    assert "0.72000" in text and "+0.02000" in text and "1 min 15 s" in text
    assert text.count("<svg") == 3 + 3  # three of the task, then calibration, drift, volume


def test_drift_above_the_bound_is_written_out() -> None:
    assert ">0.4<" in page(day(1), day(2)).replace("\n", "")
    assert ">0.2<" not in page(day(1, drift={"user": 0.2})).replace("\n", "")


def test_text_of_the_data_is_shown_as_text() -> None:
    bad = day(
        2,
        date="",
        run_id=SCRIPT,
        failure=SCRIPT,
        why=f'"{SCRIPT}',
        version=SCRIPT,
        aliases=[SCRIPT],
        drift={SCRIPT: 0.9},
        alerts=[{"severity": SCRIPT, "message": SCRIPT}],
        tasks={SCRIPT: {**day(1)["tasks"]["ctr"], "metric": SCRIPT}},
        status="failed",
    )
    text = page(day(1, reasons=[SCRIPT, SCRIPT]), bad, model=SCRIPT)
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_failed_day_is_told_without_figures() -> None:
    failed = day(1, status="failed", tasks={}, drift={}, rows=None, accepted=None, seconds=None)
    text = page({**failed, "failure": "validation stopped it", "reasons": [], "version": ""})
    assert "validation stopped it" in text
    assert "No day was evaluated." in text and "Drift was not measured." in text


@pytest.mark.parametrize("days", [0, 1])
def test_few_days_make_a_page_too(days: int) -> None:
    text = page(*[day(1)][:days])
    assert f"feed: {days} day" in text


def test_same_days_give_the_same_bytes() -> None:
    assert page(day(1), day(2)) == page(day(1), day(2))


def test_page_says_which_days_a_run_did_without() -> None:
    text = page(day(3, left_out={"2026-01-02": f"validation stopped it {SCRIPT}"}))
    assert "without 2026-01-02" in text
    assert SCRIPT not in text
