"""Whether the days' runs do their work: none fails, none is missing, champions are renewed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lt4rec_core.config import Monitor
from lt4rec_core.monitoring.check import Check, Measure
from lt4rec_core.monitoring.day import Day
from lt4rec_core.monitoring.window import days_between


def _failed(settings: Monitor, day: Day, before: Sequence[Day]) -> Iterator[Measure]:  # noqa: ARG001
    detail = " ".join(day.failure.split())[:300] or f"the run is {day.status}"
    broken = day.status != "finished"
    yield Measure("runs that didn't end well", float(broken), high=0.0, detail=detail)


def _missed(settings: Monitor, day: Day, before: Sequence[Day]) -> Iterator[Measure]:  # noqa: ARG001
    distance = days_between(before[-1], day) if before else None
    if distance is not None:
        detail = f"the day before that ran is {before[-1].date}"
        yield Measure("days without a run", distance - 1.0, high=0.0, detail=detail)


def _late(settings: Monitor, day: Day, before: Sequence[Day]) -> Iterator[Measure]:  # noqa: ARG001
    detail = "; ".join(f"{date} had {change}" for date, change in day.late.items())
    yield Measure("days changed since they ran", float(len(day.late)), high=0.0, detail=detail)


def _champion_age(settings: Monitor, day: Day, before: Sequence[Day]) -> Iterator[Measure]:
    days = (*before, day)
    # Who is champion now, also by a rollback or promotion; where that one is of a later day, the
    # gate's last choice was until then.
    champions = [other for other in days if other.is_champion]
    champions = champions or [other for other in days if other.accepted]
    if not champions:
        return
    latest = champions[-1]
    age = days_between(latest, day)
    if age is None:
        age = len(before) - days.index(latest)
    detail = f"version {latest.version} of {latest.date or latest.run_id} is the champion"
    yield Measure("the champion's days", age, high=settings.max_champion_age_days, detail=detail)


FAILED_RUN = Check(
    about="The day's run goes to its end.",
    severity="error",
    measure=_failed,
)
MISSED_DAY = Check(
    about="Every day has a run.",
    severity="warning",
    measure=_missed,
)
LATE_DATA = Check(
    about="Days that ran keep their data; one that doesn't can be run again.",
    severity="warning",
    measure=_late,
)
CHAMPION_AGE = Check(
    about="The champion is replaced before it is too old.",
    severity="error",
    measure=_champion_age,
)
