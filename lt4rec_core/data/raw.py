"""Impressions as a source gives them, parked as Parquet files until they are encoded."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from lt4rec_core.config import Ingest
from lt4rec_core.data.atomic import is_disk_full
from lt4rec_core.data.manifest import SPLITS, Split
from lt4rec_core.data.sources.source import Columns, DayRead, Source
from lt4rec_core.data.split import split_of_session
from lt4rec_core.errors import InputError
from lt4rec_core.tracking import Tracker

_UNIT = 2**20  # labels are added up in whole units, so that threads may add in any order


@dataclass(frozen=True)
class RawDay:
    """A parked file: its rows, and of each label the sum and how many rows have a 1."""

    day: str
    split: Split
    path: Path
    rows: int
    sums: Mapping[str, float]
    ones: Mapping[str, int]


@dataclass(frozen=True)
class RawLog:
    """All parked files, training days first, and what was read and dropped for them."""

    days: tuple[RawDay, ...]
    read: Mapping[str, int]
    dropped: Mapping[str, int]

    def of(self, split: str) -> tuple[RawDay, ...]:
        """Returns the files of a split."""
        return tuple(day for day in self.days if day.split == split)


def read_log(
    source: Source,
    location: str,
    settings: Ingest,
    columns: Columns,
    splits: Mapping[Split, tuple[str, ...]] | None,
    folder: Path,
    tracker: Tracker,
) -> RawLog:
    """Parks the days of `splits` below `folder`, one after the other; None splits by session.

    Raises:
        InputError: the source can't be read to its end, or a day or split is empty.
    """
    labels = source.labels(settings)
    parked: dict[str, Path] = {}
    read: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    days = ("",) if splits is None else tuple(day for split in SPLITS for day in splits[split])
    with _broken_is_bad_input(location):
        for part in source.read(location, settings, columns, days, folder):
            path = parked[part.day] = folder / f"{part.day or 'all'}.parquet"
            frame = unified(part.frame, columns, labels, session=splits is None)
            _park(frame, path, settings.row_group_rows)
            read.update(part.read)
            dropped.update(part.dropped)
            _refuse_empty(path, f"day {part.day}" if part.day else location, part)
            tracker.progress(f"ingest: read {part.day or location}, {_numbers(part)}")
    absent = [day for day in days if day not in parked]
    if absent:
        raise InputError(f"{location} gave no impressions for {', '.join(absent)}")
    if splits is None:
        splits = {split: (split,) for split in SPLITS}
        parked = _split_sessions(parked[""], folder, settings)
    found = [_measure(day, split, parked[day], labels) for split in SPLITS for day in splits[split]]
    return RawLog(tuple(found), dict(sorted(read.items())), dict(sorted(dropped.items())))


def unified(
    frame: pl.LazyFrame, columns: Columns, labels: Sequence[str], session: bool
) -> pl.LazyFrame:
    """Returns the dataset's columns of a source's frame, in the dataset's order and types."""
    text = ["row_id", "user", "item", *(["session"] if session else [])]
    return frame.select(
        *(pl.col(name).cast(pl.String) for name in text),
        pl.col("time").cast(pl.Int64),
        pl.col("length").cast(pl.Float64),
        *(pl.col(f"label.{name}").cast(pl.Float32) for name in labels),
        *(pl.col(name).cast(pl.String) for name in columns.single),
        *(pl.col(name).cast(pl.List(pl.String)) for name in columns.multi),
        *(pl.col(name).cast(pl.Float64) for name in columns.numeric),
    )


@contextlib.contextmanager
def _broken_is_bad_input(location: str) -> Iterator[None]:
    """Says which source was being read when polars met what it can't read."""
    try:
        yield
    except pl.exceptions.PolarsError as error:
        if is_disk_full(error):
            raise
        raise InputError(
            f"{location} can't be read: {error}; mend or remove the file and run again"
        ) from error


def _park(frame: pl.LazyFrame, path: Path, row_group_rows: int) -> None:
    """Streams `frame` to a Parquet file, in order, with row groups of bounded size."""
    frame.sink_parquet(path, compression="zstd", row_group_size=row_group_rows)


def _split_sessions(path: Path, folder: Path, settings: Ingest) -> dict[str, Path]:
    """Cuts a parked file without dates into one file a split."""
    rows = pl.scan_parquet(path).with_columns(pl.col("session").fill_null(""))
    sessions = rows.select("session").unique().collect(engine="streaming")["session"]
    shares = (settings.test_share, settings.validation_share)
    chosen = [split_of_session(session, *shares) for session in sessions]
    table = pl.LazyFrame({"session": sessions, "split": pl.Series(chosen, dtype=pl.String)})
    placed = rows.join(table, on="session", how="left", maintain_order="left")
    parked: dict[str, Path] = {}
    for split in SPLITS:
        if split not in chosen:
            raise InputError(
                f"no session fell into the {split} split: {len(sessions)} sessions were seen; "
                "give more sessions, or change ingest.test_share and ingest.validation_share"
            )
        parked[split] = folder / f"{split}.parquet"
        part = placed.filter(pl.col("split") == split).drop("session", "split")
        _park(part, parked[split], settings.row_group_rows)
    path.unlink()
    return parked


def _measure(day: str, split: Split, path: Path, labels: Sequence[str]) -> RawDay:
    columns = {name: pl.col(f"label.{name}") for name in labels}
    totals = (
        pl.scan_parquet(path)
        .select(
            pl.len().alias("rows"),
            *(_units(column).sum().alias(f"sum.{name}") for name, column in columns.items()),
            *((column == 1).sum().alias(f"ones.{name}") for name, column in columns.items()),
        )
        .collect(engine="streaming")
        .row(0, named=True)
    )
    sums = {name: int(totals[f"sum.{name}"]) / _UNIT for name in labels}
    ones = {name: int(totals[f"ones.{name}"]) for name in labels}
    return RawDay(day, split, path, int(totals["rows"]), sums, ones)


def _units(label: pl.Expr) -> pl.Expr:
    return (label.cast(pl.Float64) * _UNIT).round().cast(pl.Int64, strict=False)


def _refuse_empty(path: Path, what: str, part: DayRead) -> None:
    rows = pl.scan_parquet(path).select(pl.len()).collect().item()
    if rows == 0:
        raise InputError(
            f"no impression of {what} can be used: {_numbers(part)}; "
            "expected at least one, see which rows the logs lack"
        )


def _numbers(part: DayRead) -> str:
    dropped = ", ".join(f"{count} {reason}" for reason, count in part.dropped.items() if count)
    return f"{part.read.get('impressions', 0)} impressions, dropped {dropped or 'none'}"
