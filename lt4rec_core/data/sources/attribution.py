"""Which click and which play belongs to which impression.

A click belongs to the impression with its key (impression id, or user, item and
request) if it comes no earlier than the impression and no later than the click
window after it. A play belongs to a clicked impression within the play window,
which also starts at the impression. Everything else is dropped and counted by reason,
on the day of the click or play itself:

    duplicate  the same key, time and play time once more
    orphan     no impression has this key; for plays also: the impression has no click
    early      before its impression
    late       after the window

Impressions of as many days before as the windows can reach are looked at, so a day's
result doesn't depend on which other days are read.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from lt4rec_core.config import Events
from lt4rec_core.data.sources.partitions import surrounded
from lt4rec_core.data.sources.staging import Staged, in_passes, repeats

MINUTE_MS = 60_000
_STATUS = pl.Enum(["kept", "orphan", "early", "late"])
_MATCH = pl.Schema({"row": pl.UInt32(), "play_time": pl.Float64()})


def reach(events: Events) -> int:
    """Days that a window can reach back over midnight."""
    longest = max(events.click_window_minutes, events.play_window_minutes)
    return max(1, math.ceil(longest / 1440))


@dataclass(frozen=True)
class Matches:
    """What a day's clicks or plays belong to.

    Attributes:
        by_day: by the impressions' day, a frame with `row` (of the impression, once for each
            click or play, in their order) and the columns that the stream has besides.
        dropped: how many belong to none, by reason.
    """

    by_day: Mapping[str, pl.DataFrame]
    dropped: Counter[str]

    def of(self, day: str) -> pl.DataFrame:
        """Those of the day's impressions; without rows where there are none."""
        return self.by_day.get(day, pl.DataFrame(schema=_MATCH))


@dataclass
class Attribution:
    """Joins three staged streams day by day, keeping a few days' small results."""

    events: Events
    impressions: Staged
    clicks: Staged
    plays: Staged
    _repeats: dict[str, pl.Series] = field(default_factory=dict)
    _clicks: dict[str, Matches] = field(default_factory=dict)
    _plays: dict[str, Matches] = field(default_factory=dict)
    _clicked: dict[str, pl.Series] = field(default_factory=dict)

    def repeated(self, day: str) -> pl.Series:
        """Rows of the day's impressions whose key came before: earlier that day, or days before."""
        if day not in self._repeats:
            frame = self.impressions.scan(day)
            rows = [repeats(frame, ["key"], ["time"])]
            for before in self._days(day, back=True)[:-1]:
                known = self.impressions.scan(before).select("key")
                size = self.impressions.rows[before, True]
                for mine, theirs in in_passes("key", size, frame.select("row", "key"), known):
                    again = mine.join(theirs, on="key", how="semi").select("row")
                    rows.append(again.collect(engine="streaming")["row"].cast(pl.UInt64))
            self._repeats[day] = pl.concat(rows).unique().sort()
        return self._repeats[day]

    def clicked(self, day: str) -> pl.Series:
        """Whether each row of the day's impressions has a click of its own."""
        if day not in self._clicked:
            clicked_N = np.zeros(self.impressions.read(day), dtype=bool)
            for later in self._days(day):
                clicked_N[self._click_matches(later).of(day)["row"]] = True
            self._clicked[day] = pl.Series(clicked_N)
        return self._clicked[day]

    def played(self, day: str) -> pl.Series:
        """The play time of each row of the day's impressions: of all its plays together, or 0."""
        played_N = np.zeros(self.impressions.read(day))
        for later in self._days(day):
            plays = self._play_matches(later).of(day)
            np.add.at(played_N, plays["row"].to_numpy(), plays["play_time"].to_numpy())
        return pl.Series(played_N)

    def dropped(self, day: str) -> dict[str, int]:
        """What was dropped of the day's own clicks and plays, by `<stream>.<reason>`."""
        both = {"clicks": self._click_matches(day), "plays": self._play_matches(day)}
        return {
            f"{name}.{reason}": count
            for name, matches in both.items()
            for reason, count in sorted(matches.dropped.items())
        }

    def forget(self, before: str) -> None:
        """Frees what was kept about the days before `before`."""
        for kept in (self._repeats, self._clicks, self._plays, self._clicked):
            for day in [day for day in kept if day < before]:
                del kept[day]

    def _days(self, day: str, back: bool = False) -> tuple[str, ...]:
        days = reach(self.events)
        return surrounded([day], days if back else 0, 0 if back else days)

    def _click_matches(self, day: str) -> Matches:
        if day not in self._clicks:
            window = self.events.click_window_minutes
            self._clicks[day] = self._match(self.clicks, day, [], window)
        return self._clicks[day]

    def _play_matches(self, day: str) -> Matches:
        if day not in self._plays:
            window = self.events.play_window_minutes
            found = self._match(self.plays, day, ["play_time"], window)
            self._plays[day] = self._without_unclicked(found)
        return self._plays[day]

    def _without_unclicked(self, plays: Matches) -> Matches:
        """Drops the plays of impressions that have no click."""
        by_day, dropped = {}, Counter(plays.dropped)
        for day, rows in plays.by_day.items():
            clicked = self.clicked(day).gather(rows["row"])
            by_day[day] = rows.filter(clicked)
            dropped["orphan"] += len(rows) - by_day[day].height
        return Matches(by_day, +dropped)

    def _match(self, stream: Staged, day: str, besides: list[str], window: float) -> Matches:
        if not stream.rows[day, True]:
            return Matches({}, Counter())
        again = repeats(stream.scan(day), ["key", "time", *besides], ["time"])
        events = stream.scan(day).filter(~pl.col("row").is_in(again.implode()))
        days = self._days(day, back=True)
        impressions = pl.concat([self._keys(before, at) for at, before in enumerate(days)])
        wanted = events.select("row", "key", "time", *besides)
        size = sum(self.impressions.rows[before, True] for before in days)
        kept, dropped = [], Counter(duplicate=len(again))
        for mine, theirs in in_passes("key", size, wanted, impressions):
            judged = _joined(mine, theirs, window, besides)
            lost = judged.filter(pl.col("status") != "kept")["status"].value_counts()
            dropped.update(dict(lost.cast({"status": pl.String}).iter_rows()))
            kept.append(judged.filter(status="kept").drop("status"))
        ordered = pl.concat(kept).sort("row")
        by_day = {
            before: ordered.filter(at_day=at).select(pl.col("at_row").alias("row"), *besides)
            for at, before in enumerate(days)
        }
        return Matches(by_day, +dropped)

    def _keys(self, day: str, number: int) -> pl.LazyFrame:
        kept = self.impressions.scan(day).filter(~pl.col("row").is_in(self.repeated(day).implode()))
        return kept.select("key", at_day=pl.lit(number, pl.Int16), at_row="row", at_time="time")


def _joined(
    events: pl.LazyFrame, impressions: pl.LazyFrame, window: float, besides: list[str]
) -> pl.DataFrame:
    """What each event belongs to, and whether it comes in time."""
    found = events.join(impressions, on="key", how="left")
    wait = pl.col("time") - pl.col("at_time")
    status = (
        pl.when(pl.col("at_time").is_null())
        .then(pl.lit("orphan", _STATUS))
        .when(wait < 0)
        .then(pl.lit("early", _STATUS))
        .when(wait > window * MINUTE_MS)
        .then(pl.lit("late", _STATUS))
        .otherwise(pl.lit("kept", _STATUS))
    )
    judged = found.select("row", "at_day", "at_row", *besides, status=status)
    return judged.collect(engine="streaming")
