"""How good the day's model is: its metric against the days before, and its MTL gain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lt4rec_core.config import Monitor
from lt4rec_core.metrics.registry import METRICS
from lt4rec_core.monitoring.check import Check, Measure
from lt4rec_core.monitoring.day import Day
from lt4rec_core.monitoring.window import usual


def _metrics(settings: Monitor, day: Day, before: Sequence[Day]) -> Iterator[Measure]:
    for name, task in day.tasks.items():
        now = task.model.get(task.metric)
        if now is None or not task.tells:
            continue

        def value(other: Day, task_name: str = name, metric: str = task.metric) -> float | None:
            known = other.tasks.get(task_name)
            return known.model.get(metric) if known is not None and known.tells else None

        for length in settings.windows:
            window = usual(day, before, length, settings.min_days, value)
            if window is None:
                continue
            allowed = max(
                settings.max_deviations * window.deviation,
                settings.max_metric_loss * abs(window.mean),
            )
            detail = (
                f"{window.days} days before have {window.mean:.6g} ± {window.deviation:.2g} "
                "(mean, standard deviation)"
            )
            subject = f"{name} {task.metric}"
            if METRICS[task.metric].higher_is_better:
                yield Measure(subject, now, low=window.mean - allowed, window=length, detail=detail)
            else:
                yield Measure(
                    subject, now, high=window.mean + allowed, window=length, detail=detail
                )


def _gains(settings: Monitor, day: Day, before: Sequence[Day]) -> Iterator[Measure]:  # noqa: ARG001
    for name, task in day.tasks.items():
        if "high" in task.gain and task.tells:
            detail = f"the gain is {task.gain['value']:+.6g}, this is its interval's upper end"
            yield Measure(f"{name} MTL gain", task.gain["high"], low=0.0, detail=detail)


METRIC = Check(
    about="A task's metric isn't worse than on the days before.",
    severity="error",
    measure=_metrics,
)
MTL_GAIN = Check(
    about="Sharing doesn't surely cost quality: the gain's interval reaches zero.",
    severity="warning",
    measure=_gains,
)
