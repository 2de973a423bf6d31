"""Days: which one a partition's path names, and which ones surround a day."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from lt4rec_core.errors import ConfigError, InputError

# A folder called 2026-01-01, 20260101, date=2026-01-01, dt=2026-01-01-13, or a file
# whose whole name is a date. Dates inside longer file names say when a file was
# written rather than what it holds, so they aren't trusted.
_NAMED = re.compile(r"^(?:[a-z_]+=)?(\d{4})-?(\d{2})-?(\d{2})(?:[-T_](?:\d{2}){1,3})?$", re.I)
_NESTED = re.compile(r"(?:^|/)(?:year=)?(\d{4})/(?:month=)?(\d{1,2})/(?:day=)?(\d{1,2})(?:/|$)")


def path_day(name: str) -> str:
    """The day that a relative path names, or "" where it names none."""
    folders, _, file = name.rpartition("/")
    for part in (*folders.split("/"), file.split(".")[0]):
        if match := _NAMED.match(part):
            return _iso(match)
    match = _NESTED.search(folders + "/")
    return _iso(match) if match else ""


def _iso(match: re.Match[str]) -> str:
    try:
        return dt.date(*(int(part) for part in match.groups())).isoformat()
    except ValueError:
        return ""


def shifted(day: str, days: int) -> str:
    """The day `days` later (earlier where negative)."""
    return (dt.date.fromisoformat(day) + dt.timedelta(days=days)).isoformat()


def surrounded(days: Iterable[str], before: int, after: int) -> tuple[str, ...]:
    """`days` with up to so many days before and after each, in order."""
    span = range(-before, after + 1)
    return tuple(sorted({shifted(day, step) for day in days for step in span}))


def zone(name: str) -> ZoneInfo:
    """The time zone of that name; raises ConfigError where there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ConfigError(
            f"ingest.time_zone is {name!r}; expected a name such as UTC or Asia/Shanghai"
        ) from None


def utc_days(day: str, place: ZoneInfo) -> Iterator[str]:
    """The UTC dates that a local day overlaps: one or two, also where clocks are changed."""
    first = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(), place)
    following = dt.datetime.combine(dt.date.fromisoformat(shifted(day, 1)), dt.time(), place)
    last = following.astimezone(dt.UTC) - dt.timedelta(microseconds=1)
    yield from sorted({first.astimezone(dt.UTC).date().isoformat(), last.date().isoformat()})


def check_days(asked: Iterable[str], present: Iterable[str], where: str) -> None:
    """Raises InputError naming the days that were asked for and aren't present."""
    known = set(present)
    missing = [day for day in asked if day not in known]
    if missing:
        raise InputError(
            f"{where} has no impressions of {', '.join(missing)}; "
            f"days present: {', '.join(sorted(known)) or 'none'}"
        )
