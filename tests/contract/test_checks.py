"""Every check of the monitoring raises an alert on a bad day, and none on quiet days."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

import pytest

from lt4rec_core.config import Monitor
from lt4rec_core.errors import ConfigError
from lt4rec_core.monitoring import Day, TaskDay, alerts_of, judge_day
from lt4rec_core.monitoring.registry import CHECKS

START = datetime.date(2026, 1, 1)


def day(place: int, **changes: Any) -> Day:
    wobble = (-1) ** place
    task = TaskDay(
        metric="auc",
        rows=1000,
        model={"auc": 0.7 + 0.001 * wobble},
        gain={"value": 0.0, "low": -0.002, "high": 0.002},
        label_rate=0.2 + 0.002 * wobble,
        predicted=0.2,
    )
    known = Day(
        date=(START + datetime.timedelta(days=place)).isoformat(),
        run_id=f"run-{place}",
        rows=1000 + 10 * wobble,
        tasks={"ctr": task, "cvr": dataclasses.replace(task, metric="mse", model={"mse": 0.1})},
        drift={"user": 0.1},
        accepted=True,
    )
    return dataclasses.replace(known, **changes)


def of_task(name: str, **changes: Any) -> Callable[[Day], Day]:
    def change(good: Day) -> Day:
        task = dataclasses.replace(good.tasks[name], **changes)
        return dataclasses.replace(good, tasks={**good.tasks, name: task})

    return change


def of_day(**changes: Any) -> Callable[[Day], Day]:
    return lambda good: dataclasses.replace(good, **changes)


QUIET = [day(place) for place in range(40)]
OLD = [dataclasses.replace(one, accepted=place < 30) for place, one in enumerate(QUIET)]
# Every day's model was accepted; an operator went back to that of the 31st.
ROLLED_BACK = [
    dataclasses.replace(one, aliases=("champion",) * (place == 30))
    for place, one in enumerate(QUIET)
]
GONE = [one for place, one in enumerate(QUIET) if place != 38]

# Check → a bad last day, the days before it, and how many alerts come of it.
BAD: dict[str, list[tuple[Callable[[Day], Day], list[Day], int]]] = {
    "failed_run": [
        (of_day(status="failed", failure="validate broke"), QUIET, 1),
        (of_day(status="killed"), QUIET, 1),
        (of_day(status="missing"), QUIET, 1),
        (of_day(status="running"), QUIET, 1),
    ],
    "missed_day": [(of_day(), GONE, 1)],
    "late_data": [(of_day(late={"2026-01-05": "9 rows when its day ran, 10 now"}), QUIET, 1)],
    "champion_age": [
        (of_day(accepted=False), OLD, 1),
        (of_day(accepted=True), ROLLED_BACK, 1),
    ],
    "metric": [
        (of_task("ctr", model={"auc": 0.68}), QUIET, 2),
        (of_task("cvr", model={"mse": 0.11}), QUIET, 2),
    ],
    "mtl_gain": [(of_task("ctr", gain={"value": -0.01, "low": -0.02, "high": -0.001}), QUIET, 1)],
    "label_rate": [(of_task("ctr", label_rate=0.6, predicted=0.6), QUIET, 2)],
    "calibration": [(of_task("cvr", predicted=0.1), QUIET, 1)],
    "volume": [(of_day(rows=10_000), QUIET, 2), (of_day(rows=100), QUIET, 2)],
    "drift": [(of_day(drift={"user": 0.1, "item": 0.9}), QUIET, 1)],
}


def test_every_check_has_a_bad_day() -> None:
    assert BAD.keys() == CHECKS.keys()


def test_quiet_days_raise_nothing() -> None:
    assert set(alerts_of(Monitor(), QUIET).values()) == {()}


CASES = [(name, *case) for name, cases in BAD.items() for case in cases]


@pytest.mark.parametrize(("name", "worsen", "days", "number"), CASES)
def test_bad_day_raises_the_alert_and_no_other(
    name: str, worsen: Callable[[Day], Day], days: list[Day], number: int
) -> None:
    alerts = judge_day(Monitor(), worsen(days[-1]), days[:-1])
    assert [alert.check for alert in alerts] == [name] * number
    for alert in alerts:
        assert alert.severity == CHECKS[name].severity
        assert alert.message.startswith(name)
        assert alert.date in alert.message and CHECKS[name].about in alert.message


@pytest.mark.parametrize("name", CHECKS)
def test_severity_can_be_changed_or_the_check_turned_off(name: str) -> None:
    worsen, days, _ = BAD[name][0]
    bad = worsen(days[-1])
    for severity in ("warning", "error"):
        alerts = judge_day(Monitor(severity={name: severity}), bad, days[:-1])
        assert {alert.severity for alert in alerts} == {severity}
    assert judge_day(Monitor(severity={name: "off"}), bad, days[:-1]) == ()


def test_short_window_gets_used_to_what_the_long_one_still_tells() -> None:
    fell = [
        of_task("ctr", model={"auc": 0.66 if place >= 36 else 0.7})(one)
        for place, one in enumerate(QUIET)
    ]
    alerts = judge_day(Monitor(max_deviations=2), fell[-1], fell[:-1])
    assert [alert.window for alert in alerts] == [28]


@pytest.mark.parametrize("name", ["metric", "mtl_gain", "label_rate", "calibration"])
def test_task_with_few_events_raises_nothing(name: str) -> None:
    for worsen, days, _ in BAD[name]:
        bad = worsen(days[-1])
        few = {task: dataclasses.replace(found, events=99) for task, found in bad.tasks.items()}
        assert judge_day(Monitor(), dataclasses.replace(bad, tasks=few), days[:-1]) == ()


def test_day_that_is_being_run_is_not_judged_among_all_days() -> None:
    days = [*QUIET[:-1], dataclasses.replace(QUIET[-1], status="running")]
    assert set(alerts_of(Monitor(), days).values()) == {()}


def test_errors_come_first() -> None:
    bad = of_day(status="failed", drift={"user": 0.9})(QUIET[-1])
    found = judge_day(Monitor(severity={"failed_run": "error"}), bad, QUIET[:-1])
    assert [alert.severity for alert in found] == ["error", "warning"]


def test_check_that_does_not_exist_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'drift'"):
        judge_day(Monitor(severity={"drfit": "off"}), QUIET[0], [])
