"""As many users as on other days, and no user or item with a share of its own."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

import polars as pl

from lt4rec_core.validation.expectation import Counts, Expectation, Measure
from lt4rec_core.validation.subject import Day, Subject

# Below so great a share the busiest user or item of a day tells nothing.
_LEAST_SHARE = 0.01


def count_users(subject: Subject, day: Day) -> dict[str, pl.Expr]:
    """Counts a day's users, about."""
    return {"users": pl.col("user").approx_n_unique()} if subject.holds(day, "user") else {}


def _as_many_users(subject: Subject, counts: Counts) -> Iterator[Measure]:
    low, high = subject.settings.user_count_ratio
    users = {day.name: counts[day.name].get("users", 0) for day in subject.days}
    names = list(users) if subject.dated else []
    for place, name in enumerate(names[1:], start=1):
        before = names[max(0, place - subject.settings.reference_days) : place]
        usual = statistics.median(users[day] for day in before)
        detail = f"{users[name]:,.0f} users; the days before have {usual:,.0f} (median)"
        ratio = users[name] / usual if usual else None
        yield Measure("user", name, ratio, low=low, high=high, detail=detail)


def _busiest(day: Day, column: str) -> float:
    """The greatest share of the day's rows that one value of `column` has."""
    rows = day.scan().group_by(column).len().select(pl.col("len").max() / pl.col("len").sum())
    return float(rows.collect(engine="streaming").item() or 0.0)


def _no_share_of_its_own(subject: Subject, _counts: Counts) -> Iterator[Measure]:
    for column in ("user", "item"):
        shares: list[float] = []
        for day in (day for day in subject.days if subject.holds(day, column)):
            share = _busiest(day, column)
            if shares:
                usual = statistics.median(shares[-subject.settings.reference_days :])
                detail = f"the busiest has {share:.2%}; on the days before {usual:.2%} (median)"
                seen = share / max(usual, _LEAST_SHARE)
                high = subject.settings.max_top_ratio
                yield Measure(column, day.name, seen, high=high, detail=detail)
            shares.append(share)


USER_COUNT = Expectation(
    about="A day's users, relative to the median of the days before, stay within bounds.",
    severity="error",
    count=count_users,
    measure=_as_many_users,
)
TOP_SHARE = Expectation(
    about="No user and no item has many times the share of the busiest on the days before.",
    severity="error",
    measure=_no_share_of_its_own,
)
