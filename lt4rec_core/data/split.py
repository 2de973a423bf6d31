"""Which rows train, validate and test: cut by time, or by session where there is no time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from lt4rec_core.data.manifest import Split
from lt4rec_core.errors import ConfigError, InputError


def split_days(
    present: Sequence[str], data_date: str, train_days: int
) -> Mapping[Split, tuple[str, ...]]:
    """Returns the days of each split: the data date tests, the day before validates.

    The `train_days` days before these train.

    Raises:
        ConfigError: `data_date` isn't a date.
        InputError: one of the days isn't present.
    """
    test = _date(data_date)
    validation = test - timedelta(days=1)
    train = [validation - timedelta(days=back) for back in range(train_days, 0, -1)]
    known = set(present)
    for day, role in ((test, "test day (--data-date)"), (validation, "validation day")):
        if day.isoformat() not in known:
            raise InputError(f"{day}, the {role}, is missing; {_said(present)}")
    missing = [day.isoformat() for day in train if day.isoformat() not in known]
    if missing:
        raise InputError(
            f"{missing[-1]} is missing, and ingest.train_days = {train_days} asks for "
            f"{train[0]} to {train[-1]}; {_said(present)}; {_advice(known, validation)}"
        )
    return {
        "train": tuple(day.isoformat() for day in train),
        "validation": (validation.isoformat(),),
        "test": (test.isoformat(),),
    }


def window(data_date: str, train_days: int) -> tuple[str, ...]:
    """Returns the days that a run of `data_date` reads, in order: training, validation, test."""
    test = _date(data_date)
    return tuple(
        (test - timedelta(days=back)).isoformat() for back in range(train_days + 1, -1, -1)
    )


def last_train_day(data_date: str) -> str:
    """Returns the last training day of a run whose test day is `data_date`."""
    return (_date(data_date) - timedelta(days=2)).isoformat()


def split_of_session(session: str, test_share: float, validation_share: float) -> Split:
    """Returns the split of a session: always the same one, whatever the other sessions."""
    place = int.from_bytes(hashlib.sha256(session.encode()).digest()[:8], "big") / 2**64
    if place < test_share:
        return "test"
    return "validation" if place < test_share + validation_share else "train"


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
