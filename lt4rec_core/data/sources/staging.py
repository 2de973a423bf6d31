"""Streams cut into days on disk, so that each day can be read again without the whole log.

A staged row has `day` (local, or its partition's where its time can't be read) and
`ok` (its keys can be used); it keeps the log's order, and `row` numbers it in its day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from lt4rec_core.data.sources.files import PATH_DAY, explained
from lt4rec_core.data.sources.formats import LogFile

UNKNOWN = "unknown"
# Of files that are read back once and removed: quick to write rather than small.
READ_ONCE: Mapping[str, Any] = {"compression": "lz4", "statistics": False}
# 2000 to 2100: a time outside was logged in another unit or by a broken clock.
_EARLIEST_MS, _LATEST_MS = 946_684_800_000, 4_102_444_800_000
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000}
_PASS_ROWS = 1_000_000


@dataclass(frozen=True)
class Staged:
    """A staged stream: `rows` by day and usability."""

    folder: Path
    rows: Counter[tuple[str, bool]]

    def scan(self, day: str) -> pl.LazyFrame:
        """The usable rows of `day`, with their `row` number; without rows where there are none."""
        files = sorted(self.folder.glob(f"*/day={day}/*.parquet"))
        if files:
            return _scan(files).filter("ok").drop("ok")
        some = next(iter(sorted(self.folder.rglob("*.parquet"))))
        return _scan([some]).drop("ok").clear()

    @property
    def days(self) -> tuple[str, ...]:
        """Days with usable rows, in order."""
        return tuple(sorted(day for (day, ok), count in self.rows.items() if ok and count))

    def read(self, day: str) -> int:
        """Rows of `day`, usable or not."""
        return self.rows[day, True] + self.rows[day, False]

    @property
    def undated(self) -> int:
        """Rows whose day can't be told."""
        return self.rows[UNKNOWN, False]


def _scan(files: list[Path]) -> pl.LazyFrame:
    """Staged files with their `row` number; nothing in their paths has a meaning."""
    return pl.scan_parquet(files, row_index_name="row", hive_partitioning=False, glob=False)


def milliseconds(column: str, dtype: pl.DataType, unit: str) -> pl.Expr:
    """A log's time column as epoch milliseconds (UTC); null where it is no time at all."""
    raw = pl.col(column) if dtype != pl.String else pl.col(column).str.strip_chars()
    if isinstance(dtype, pl.Datetime):
        time = raw.dt.epoch("ms")
    else:
        exact = raw.cast(pl.Int64, strict=False) if not dtype.is_float() else pl.lit(None)
        scale = 1000 / _PER_SECOND[unit]
        rough = (raw.cast(pl.Float64, strict=False) * scale).round()
        if unit == "us":
            exact = exact // 1000
        elif unit == "s":
            exact = exact * 1000
        time = pl.coalesce(exact, rough.cast(pl.Int64, strict=False))
    return pl.when(time.is_between(_EARLIEST_MS, _LATEST_MS)).then(time)


def local_day(time: str, zone: str) -> pl.Expr:
    """The day of an epoch column (milliseconds, UTC) in a time zone, as `2026-01-01`."""
    moment = pl.from_epoch(time, "ms").dt.replace_time_zone("UTC")
    return moment.dt.convert_time_zone(zone).dt.date().cast(pl.String)


def stage(
    parts: Sequence[pl.LazyFrame], files: Sequence[LogFile], keep: Collection[str], folder: Path
) -> Staged:
    """Writes the rows of the days in `keep` below `folder`, one folder a part and day.

    Args:
        parts: a stream, in order, with `day` (null where unknown), `ok` and `_path_day`; one
            is read after the other, so that only one needs memory.
        files: what the parts read, to name the broken one.
        keep: days that are wanted; rows of unknown day are kept besides.
        folder: a new folder.
    """
    path_day = pl.when(pl.col(PATH_DAY) != "").then(pl.col(PATH_DAY))
    day = pl.coalesce("day", path_day, pl.lit(UNKNOWN))
    folder.mkdir(parents=True)
    for number, part in enumerate(parts):
        rows = part.with_columns(day=day).drop(PATH_DAY)
        rows = rows.filter(pl.col("day").is_in([*sorted(keep), UNKNOWN]))
        if number == 0:
            rows.head(0).drop("day").sink_parquet(folder / "empty.parquet")
        with explained(files):
            by_day = pl.PartitionBy(folder / f"{number:06}", key="day", include_key=False)
            rows.sink_parquet(by_day, **READ_ONCE, row_group_size=131_072)
    counts: Counter[tuple[str, bool]] = Counter()
    for place in sorted(folder.glob("*/day=*")):
        found = _scan(sorted(place.glob("*.parquet")))
        for ok, count in found.group_by("ok").len().collect(engine="streaming").iter_rows():
            counts[place.name.removeprefix("day="), bool(ok)] += count
    return Staged(folder, counts)


def in_passes(key: str, rows: int, *frames: pl.LazyFrame) -> Iterator[tuple[pl.LazyFrame, ...]]:
    """Yields the rows of `frames` in passes of a bounded size, all rows of a key in the same one.

    Args:
        key: a column of each frame.
        rows: how many rows the frames have, about.
        *frames: at least one.
    """
    passes = max(1, -(-rows // _PASS_ROWS))
    for number in range(passes):
        mine = pl.col(key).hash() % passes == number
        yield frames if passes == 1 else tuple(frame.filter(mine) for frame in frames)


def repeats(frame: pl.LazyFrame, key: Sequence[str], order: Sequence[str]) -> pl.Series:
    """Row numbers of all but the first row, by `order` and `row`, of each `key`.

    Only hashes of the keys are held for a whole day, in passes of bounded size; rows
    whose hashes meet are then compared by the keys themselves.
    """
    hashed = frame.select(*dict.fromkeys(("row", *key, *order)), hash=pl.struct(key).hash())
    rows = int(frame.select(pl.len()).collect(engine="streaming").item())
    found = [pl.Series("row", [], dtype=pl.UInt64)]
    for (some,) in in_passes("hash", rows, hashed):
        counts = some.group_by("hash").agg(pl.len().alias("count"))
        meeting = counts.filter(pl.col("count") > 1).collect(engine="streaming")
        if meeting.is_empty():
            continue
        suspects = some.filter(pl.col("hash").is_in(meeting["hash"].implode()))
        ordered = suspects.collect(engine="streaming").sort(*order, "row")
        again = ordered.filter(~pl.struct(key).is_first_distinct())
        found.append(again["row"].cast(pl.UInt64))
    return pl.concat(found).sort()
