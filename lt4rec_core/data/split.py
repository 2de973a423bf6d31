"""Which rows train, validate and test: cut by time, or by session where there is no time."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType

from lt4rec_core.config import Ingest
from lt4rec_core.data.manifest import Split
from lt4rec_core.errors import ConfigError, InputError

_NAMED = "ingest.exclude_dates names it"
_GAPS = "; ingest.exclude_dates leaves out a day that will not come"


def left_out_of(
    data_date: str, settings: Ingest, stopped: Mapping[str, str] = MappingProxyType({})
) -> dict[str, str]:
    """Returns the days of the data date's window that its run does without, each with why.

    Args:
        data_date: the test day, which is left out only where the settings name it.
        settings: `train_days` and `exclude_dates` matter.
        stopped: earlier days that were found to be bad, each with why.
    """
    named = {day.isoformat(): _NAMED for day in settings.exclude_dates}
    bad = {day: why for day, why in stopped.items() if day != data_date} | named
    return {day: bad[day] for day in window(data_date, settings.train_days) if day in bad}


def split_days(
    present: Sequence[str], data_date: str, train_days: int, left_out: Collection[str] = ()
) -> Mapping[Split, tuple[str, ...]]:
    """Returns the days of each split: the data date tests, the day before validates.

    The `train_days` days before these train. Days that are `left_out` leave gaps: the
    last day before the test day that isn't left out validates, and nothing from further
    back takes the place of another.

    Raises:
        ConfigError: `data_date` isn't a date.
        InputError: one of the days isn't present, or too few aren't left out.
    """
    *train, validation, test = _readable(data_date, train_days, left_out)
    known = set(present)
    for day, role in ((test, "test day (--data-date)"), (validation, "validation day")):
        if day not in known:
            raise InputError(f"{day}, the {role}, is missing; {_said(present)}{_GAPS}")
    missing = [day for day in train if day not in known]
    if missing:
        advice = _advice(known | set(left_out), _date(test) - timedelta(days=1))
        raise InputError(
            f"{missing[-1]} is missing, and ingest.train_days = {train_days} asks for "
            f"{train[0]} to {train[-1]}; {_said(present)}; {advice}{_GAPS}"
        )
    return {"train": tuple(train), "validation": (validation,), "test": (test,)}


def window(data_date: str, train_days: int) -> tuple[str, ...]:
    """Returns the days before and at `data_date` that its run is about, in order.

    They train, validate and test, unless they are left out.
    """
    test = _date(data_date)
    return tuple(
        (test - timedelta(days=back)).isoformat() for back in range(train_days + 1, -1, -1)
    )


def unseen_days(
    days: Sequence[str], learned: Sequence[str], left_out: Collection[str]
) -> tuple[str, ...]:
    """Returns the training days among `days` that an earlier run hadn't learned from.

    Args:
        days: training days of now, in order.
        learned: training days of the earlier run, in order.
        left_out: days that the earlier run did without.
    """
    return tuple(day for day in days if day > learned[-1] or day in left_out)


def split_of_session(session: str, test_share: float, validation_share: float) -> Split:
    """Returns the split of a session: always the same one, whatever the other sessions."""
    place = int.from_bytes(hashlib.sha256(session.encode()).digest()[:8], "big") / 2**64
    if place < test_share:
        return "test"
    return "validation" if place < test_share + validation_share else "train"


def _readable(data_date: str, train_days: int, left_out: Collection[str]) -> list[str]:
    """Returns the days of the window that aren't left out, three at least."""
    if data_date in left_out:
        raise InputError(f"{data_date} is left out: {_NAMED}; name another day, or take it off")
    days = window(data_date, train_days)
    kept = [day for day in days if day not in left_out]
    if len(kept) < 3:
        gone = ", ".join(day for day in days if day in left_out)
        raise InputError(
            f"too few of the days {days[0]} to {days[-1]} are left to train, validate and test "
            f"on, since {gone} are left out; mend these days and run them again, or ask for more "
            "days in ingest.train_days"
        )
    return kept


def _date(text: str) -> date:
    try:
        parsed = date.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.isoformat() != text:
        raise ConfigError(f"data date {text!r} isn't a day; expected one like 2022-05-03")
    return parsed


def _advice(known: Iterable[str], validation: date) -> str:
    days = set(known)
    most = 0
    while (validation - timedelta(days=most + 1)).isoformat() in days:
        most += 1
    if most == 0:
        return "no training day stands before the validation day: choose a later --data-date"
    return f"the largest ingest.train_days that works for this date is {most}"


def _said(present: Sequence[str]) -> str:
    if not present:
        return "the source has no complete day"
    listed = ", ".join(present) if len(present) <= 14 else f"{len(present)} days"
    return f"the first day present is {present[0]}, the last {present[-1]} ({listed})"
