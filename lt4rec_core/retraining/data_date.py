"""Which day a scheduled run is about: derived once, from the scheduled time, never from a clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from lt4rec_core.config import Ingest
from lt4rec_core.data.sources.partitions import zone
from lt4rec_core.errors import ConfigError


def data_date_of(scheduled: str, settings: Ingest) -> str:
    """Returns the day, like "2026-01-04", that a run scheduled for a moment is about.

    The delay is taken off the clock on the wall of `ingest.time_zone`, so that a schedule
    at one local time of day goes through the calendar day by day, also where a day has 23
    or 25 hours.

    Args:
        scheduled: the moment, RFC 3339 with its offset: "2026-01-05T03:00:00Z".
        settings: `delay_hours` and `time_zone` matter.

    Raises:
        ConfigError: `scheduled` isn't such a moment, or there is no such time zone.
    """
    moment = _moment(scheduled)
    on_the_wall = moment.astimezone(zone(settings.time_zone)).replace(tzinfo=None)
    return (on_the_wall - timedelta(hours=settings.delay_hours)).date().isoformat()


def _moment(text: str) -> datetime:
    if "{{" in text:
        raise ConfigError(
            f"the scheduled time is still the placeholder {text!r}: whoever runs this pipeline "
            "doesn't fill it in; give the run its data_date"
        )
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise ConfigError(
            f"the scheduled time is {text!r}; expected a moment with its offset, such as "
            "2026-01-05T03:00:00Z, or a data date instead"
        )
    return moment
