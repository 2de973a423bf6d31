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
from dataclasses import dataclass, field

import polars as pl

from lt4rec_core.config import Events
from lt4rec_core.data.sources.partitions import surrounded
from lt4rec_core.data.sources.staging import Staged, in_passes, repeats

MINUTE_MS = 60_000
_STATUS = pl.Enum(["kept", "orphan", "early", "late"])
_MATCH = pl.Schema(
    {
        "at_day": pl.Categorical(),
        "at_row": pl.UInt64(),
        "status": _STATUS,
        "play_time": pl.Float64(),
    }
)


def reach(events: Events) -> int:
    """Days that a window can reach back over midnight."""
    longest = max(events.click_window_minutes, events.play_window_minutes)
    return max(1, math.ceil(longest / 1440))


@dataclass
class Attribution:
    """Joins three staged streams day by day, keeping a few days' small results."""

    events: Events
    impressions: Staged
    clicks: Staged
    plays: Staged
    _repeats: dict[str, pl.Series] = field(default_factory=dict)
    _clicks: dict[str, tuple[pl.DataFrame, Counter[str]]] = field(default_factory=dict)
    _plays: dict[str, tuple[pl.DataFrame, Counter[str]]] = field(default_factory=dict)
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
        """Rows of the day's impressions that have a click of theirs."""
        if day not in self._clicked:
            found = [self._click_matches(later)[0] for later in self._days(day)]
            mine = pl.concat(found).filter(at_day=day)
            self._clicked[day] = mine["at_row"].unique().sort()
        return self._clicked[day]

    def played(self, day: str) -> pl.DataFrame:
        """`row` and total `play_time` of the day's clicked impressions that were played."""
        found = [self._play_matches(later)[0] for later in self._days(day)]
        mine = pl.concat(found).filter(at_day=day)
        total = mine.group_by("at_row", maintain_order=True).agg(pl.col("play_time").sum())
        return total.rename({"at_row": "row"}).sort("row")

    def outcomes(self, day: str) -> pl.DataFrame:
        """`row`, `clicked` (true) and `play_time` (null if unplayed) of the clicked impressions."""
        clicked = pl.DataFrame({"row": self.clicked(day)}).with_columns(clicked=pl.lit(True))
        return clicked.join(self.played(day), on="row", how="left", maintain_order="left")

    def dropped(self, day: str) -> dict[str, int]:
        """What was dropped of the day's own clicks and plays, by `<stream>.<reason>`."""
        both = {"clicks": self._click_matches(day)[1], "plays": self._play_matches(day)[1]}
        return {
            f"{name}.{reason}": count
            for name, reasons in both.items()
            for reason, count in sorted(reasons.items())
        }

    def forget(self, before: str) -> None:
        """Frees what was kept about the days before `before`."""
        for kept in (self._repeats, self._clicks, self._plays, self._clicked):
            for day in [day for day in kept if day < before]:
                del kept[day]

    def _days(self, day: str, back: bool = False) -> tuple[str, ...]:
        days = reach(self.events)
        return surrounded([day], days if back else 0, 0 if back else days)

    def _click_matches(self, day: str) -> tuple[pl.DataFrame, Counter[str]]:
        if day not in self._clicks:
            matches, reasons = self._match(
                self.clicks, day, ["key", "time"], self.events.click_window_minutes
            )
            self._clicks[day] = _judged(matches, reasons)
        return self._clicks[day]

    def _play_matches(self, day: str) -> tuple[pl.DataFrame, Counter[str]]:
        if day not in self._plays:
            self._plays[day] = self._new_play_matches(day)
        return self._plays[day]

    def _new_play_matches(self, day: str) -> tuple[pl.DataFrame, Counter[str]]:
        matches, reasons = self._match(
            self.plays, day, ["key", "time", "play_time"], self.events.play_window_minutes
        )
        clicked = pl.concat(
            [
                pl.DataFrame({"at_row": self.clicked(before)}).select(
                    at_day=pl.lit(before, pl.Categorical()), at_row="at_row", has_click=pl.lit(True)
                )
                for before in self._days(day, back=True)
            ]
        )
        matches = matches.join(clicked, on=["at_day", "at_row"], how="left", maintain_order="left")
        unclicked = (pl.col("status") == "kept") & pl.col("has_click").is_null()
        status = pl.when(unclicked).then(pl.lit("orphan", _STATUS)).otherwise("status")
        return _judged(matches.with_columns(status=status).drop("has_click"), reasons)

    def _match(
        self, stream: Staged, day: str, identity: list[str], window: float
    ) -> tuple[pl.DataFrame, Counter[str]]:
        if not stream.rows[day, True]:
            return pl.DataFrame(schema=_MATCH), Counter()
        again = repeats(stream.scan(day), identity, ["time"])
        events = stream.scan(day).filter(~pl.col("row").is_in(again.implode()))
        days = self._days(day, back=True)
        impressions = pl.concat([self._keys(before) for before in days])
        wanted = ["row", "key", "time", *(name for name in identity if name == "play_time")]
        size = sum(self.impressions.rows[before, True] for before in days)
        parts = [
            _joined(mine, theirs, window)
            for mine, theirs in in_passes("key", size, events.select(wanted), impressions)
        ]
        return pl.concat(parts).sort("row").select(list(_MATCH)), Counter(
            {"duplicate": len(again)} if len(again) else {}
        )

    def _keys(self, day: str) -> pl.LazyFrame:
        kept = ~pl.col("row").is_in(self.repeated(day).implode())
        return (
            self.impressions.scan(day)
            .filter(kept)
            .select(
                "key",
                at_day=pl.lit(day, pl.Categorical()),
                at_row=pl.col("row").cast(pl.UInt64),
                at_time="time",
            )
        )


def _joined(events: pl.LazyFrame, impressions: pl.LazyFrame, window: float) -> pl.DataFrame:
    """What each event belongs to, and whether it comes in time."""
    found = events.join(impressions, on="key", how="left")
    if "play_time" not in events.collect_schema():
        found = found.with_columns(play_time=pl.lit(None, pl.Float64))
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
    matches = found.select("row", "at_day", "at_row", "play_time", status=status)
    return matches.cast(_MATCH).collect(engine="streaming")


def _judged(matches: pl.DataFrame, reasons: Counter[str]) -> tuple[pl.DataFrame, Counter[str]]:
    """Keeps what belongs to an impression, and counts why the others don't."""
    lost = matches.filter(pl.col("status") != "kept").group_by("status").len()
    reasons.update(dict(lost.cast({"status": pl.String()}).iter_rows()))
    return matches.filter(status="kept").drop("status"), reasons
