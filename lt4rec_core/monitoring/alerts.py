"""Alerts: every check that a day doesn't pass."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lt4rec_core.config import Monitor
from lt4rec_core.config.data import Severity
from lt4rec_core.monitoring.check import Check, Measure
from lt4rec_core.monitoring.day import Day
from lt4rec_core.monitoring.registry import CHECKS, severities
from lt4rec_core.validation.outcome import allowed


@dataclass(frozen=True)
class Alert:
    """One thing about a day that somebody should know.

    Attributes:
        check: name of the check that failed.
        severity: "error" or "warning".
        date: the day's data date.
        subject: the field, task or thing that was measured.
        window: how many days before it was compared with, 0 for none.
        seen: the number measured.
        low: the least value allowed, None where there is no such bound; likewise `high`.
        message: the whole finding in one line.
    """

    check: str
    severity: Severity
    date: str
    subject: str
    window: int
    seen: float
    low: float | None
    high: float | None
    message: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return dataclasses.asdict(self)


def alerts_of(settings: Monitor, days: Sequence[Day]) -> dict[str, tuple[Alert, ...]]:
    """Returns the alerts of every day by its run's id, each judged by the days before it.

    A day whose run is still at work has none yet.
    """
    return {
        day.run_id: () if day.status == "running" else judge_day(settings, day, days[:place])
        for place, day in enumerate(days)
    }


def judge_day(settings: Monitor, day: Day, before: Sequence[Day]) -> tuple[Alert, ...]:
    """Returns the alerts of `day`, errors first; `before` are all days before it, in order.

    A day is judged when it should be there: a run that is still at work has failed, too.

    Raises:
        ConfigError: [monitor.severity] names a check that doesn't exist.
    """
    severity = severities(settings.severity)
    alerts = [
        _alert(name, check, severity[name], day, measure)
        for name, check in CHECKS.items()
        if severity[name] != "off"
        for measure in check.measure(settings, day, before)
        if not measure.low <= measure.seen <= measure.high
    ]
    return tuple(sorted(alerts, key=lambda alert: alert.severity != "error"))


def _alert(name: str, check: Check, severity: Severity, day: Day, measure: Measure) -> Alert:
    place = f" on {day.date}" if day.date else ""
    window = f" ({measure.window} days)" if measure.window else ""
    detail = f" ({measure.detail})" if measure.detail else ""
    finding = f"seen {measure.seen:.6g}, allowed {allowed(measure.low, measure.high)}"
    return Alert(
        check=name,
        severity=severity,
        date=day.date,
        subject=measure.subject,
        window=measure.window,
        seen=measure.seen,
        low=measure.low if math.isfinite(measure.low) else None,
        high=measure.high if math.isfinite(measure.high) else None,
        message=f"{name}{window}: {measure.subject}{place}: {finding}{detail}. {check.about}",
    )
