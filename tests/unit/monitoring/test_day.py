from __future__ import annotations

import json
from typing import Any

from lt4rec_core.monitoring.day import Day, measured


def test_nothing_is_known_of_a_run_that_left_nothing() -> None:
    assert measured() == {}


def test_rates_are_means_over_all_rows_of_the_bins() -> None:
    bins = [
        {"predicted": 0.1, "observed": 0.0, "rows": 30},
        {"predicted": 0.5, "observed": 1.0, "rows": 10},
    ]
    task = {"metric": "auc", "rows": 40, "calibration": {"model": bins}}
    found = measured(evaluation={"rows": 50, "tasks": {"ctr": task}})
    assert found["rows"] == 50
    assert (found["tasks"]["ctr"].label_rate, found["tasks"]["ctr"].predicted) == (0.25, 0.2)


def test_task_without_rows_has_no_rates() -> None:
    found = measured(evaluation={"rows": 0, "tasks": {"ctr": {"metric": "auc", "rows": 0}}})
    assert found["tasks"]["ctr"].label_rate is None


def test_drift_is_that_of_the_test_days() -> None:
    def result(day: str, seen: float | None, name: str = "drift") -> dict[str, Any]:
        return {"expectation": name, "column": "id.user", "day": day, "seen": seen}

    manifest = {"digest": "d", "splits": {"test": ["b"]}, "days": []}
    results = [result("a", 0.1), result("b", 0.2), result("b", 0.3, "oov_share")]
    found = measured(manifest, {"results": [*results, result("b", None, "row_count")]})
    assert (found["drift"], found["unknown"]) == ({"user": 0.2}, {"user": 0.3})


def test_champion_is_what_the_gate_compared_with_on_all_rows() -> None:
    def entry(against: str, place: str, reference: float | None) -> dict[str, Any]:
        return {
            "task": "ctr",
            "metric": "auc",
            "slice": place,
            "against": against,
            "reference": reference,
        }

    comparisons = [
        entry("champion", "", 0.7),
        entry("champion", "tab=0", 0.8),
        entry("floor", "", 0.6),
        {**entry("champion", "", None), "metric": "gauc"},
    ]
    gate = {"accepted": True, "reasons": ["good"], "comparisons": comparisons}
    task = {"metric": "auc", "rows": 1}
    found = measured(evaluation={"rows": 1, "tasks": {"ctr": task}}, gate=gate)
    assert found["tasks"]["ctr"].champion == {"auc": 0.7}
    assert (found["accepted"], found["reasons"]) == (True, ("good",))


def test_day_is_plain_json() -> None:
    day = Day("2026-01-01", "run", reasons=("one",), aliases=("champion",))
    plain = json.loads(json.dumps(day.to_json()))
    assert (plain["reasons"], plain["aliases"]) == (["one"], ["champion"])
