"""Quantities of a day: drift, label rates, volume, calibration."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from lt4rec_core.config import Monitor
from lt4rec_core.monitoring.check import Check, Measure
from lt4rec_core.monitoring.day import Day
from lt4rec_core.monitoring.window import usual


def _drift(settings: Monitor, day: Day, before: Sequence[Day]) -> Iterator[Measure]:  # noqa: ARG001
    for field, psi in day.drift.items():
        yield Measure(field, psi, high=settings.max_psi)


def _label_rates(settings: Monitor, day: Day, before: Sequence[Day]) -> Iterator[Measure]:
    for name in (name for name, task in day.tasks.items() if task.tells):

        def rate(other: Day, task: str = name) -> float | None:
            return other.tasks[task].label_rate if task in other.tasks else None

        yield from _ratios(settings, day, before, name, rate, settings.label_rate_ratio)


def _volume(settings: Monitor, day: Day, before: Sequence[Day]) -> Iterator[Measure]:
    yield from _ratios(
        settings, day, before, "rows", lambda other: other.rows, settings.volume_ratio
    )


def _calibration(settings: Monitor, day: Day, before: Sequence[Day]) -> Iterator[Measure]:  # noqa: ARG001
    low, high = settings.calibration_ratio
    for name, task in day.tasks.items():
        if task.label_rate and task.predicted is not None and task.tells:
            detail = f"mean prediction {task.predicted:.6g}, mean label {task.label_rate:.6g}"
            yield Measure(name, task.predicted / task.label_rate, low, high, detail=detail)


def _ratios(
    settings: Monitor,
    day: Day,
    before: Sequence[Day],
    subject: str,
    value: Callable[[Day], float | None],
    bounds: tuple[float, float],
) -> Iterator[Measure]:
    """Gives the day's value as a ratio to the mean of each window."""
    now = value(day)
    for length in settings.windows:
        window = usual(day, before, length, settings.min_days, value)
        if now is None or window is None or window.mean == 0:
            continue
        detail = f"{now:.6g} against {window.mean:.6g}, the mean of {window.days} days"
        yield Measure(subject, now / window.mean, *bounds, window=length, detail=detail)


DRIFT = Check(
    about="A field's ids are distributed as on the days before (PSI).",
    severity="warning",
    measure=_drift,
)
LABEL_RATE = Check(
    about="A task's mean label, relative to the days before, stays within bounds.",
    severity="error",
    measure=_label_rates,
)
VOLUME = Check(
    about="A day's rows, relative to the days before, stay within bounds.",
    severity="warning",
    measure=_volume,
)
CALIBRATION = Check(
    about="The mean prediction is close to the mean label: their ratio stays within bounds.",
    severity="warning",
    measure=_calibration,
)
