"""Impressions of all days as a source gives them, parked until they are encoded."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from lt4rec_core.config import Ingest
from lt4rec_core.data.atomic import is_disk_full
from lt4rec_core.data.manifest import SPLITS, Split
from lt4rec_core.data.raw_day import RawDay, measure, numbers, park
from lt4rec_core.data.sources.source import Columns, Source
from lt4rec_core.data.sources.staging import READ_ONCE
from lt4rec_core.data.split import split_of_session
from lt4rec_core.errors import InputError
from lt4rec_core.tracking import Tracker


@dataclass(frozen=True)
class RawLog:
    """All parked files by split, and what was read and dropped for them."""

    splits: Mapping[Split, tuple[RawDay, ...]]
    read: Mapping[str, int]
    dropped: Mapping[str, int]


def read_days(
    source: Source,
    location: str,
    settings: Ingest,
    columns: Columns,
    days: tuple[str, ...],
    folder: Path,
    tracker: Tracker,
) -> dict[str, RawDay]:
    """Parks `days` below `folder`, one after the other; ("",) is all of a source without dates.

    Raises:
        InputError: the source can't be read to its end, or a day is empty.
    """
    labels = source.labels(settings)
    parked: dict[str, RawDay] = {}
    with _broken_is_bad_input(location):
        for part in source.read(location, settings, columns, days, folder):
            path = folder / f"{part.day or 'all'}.parquet"
            session = not part.day
            parked[part.day] = park(part, path, columns, labels, settings.row_group_rows, session)
            tracker.progress(f"ingest: read {part.day or location}, {numbers(part)}")
    absent = [day for day in days if day not in parked]
    if absent:
        raise InputError(f"{location} gave no impressions for {', '.join(absent)}")
    return parked


def gather(
    parked: Mapping[str, RawDay],
    splits: Mapping[Split, tuple[str, ...]] | None,
    location: str,
    settings: Ingest,
) -> RawLog:
    """Puts the days of `splits` together, however they were read; None splits by session.

    Raises:
        InputError: too many rows of a stream can't be parsed, or a split has no session.
    """
    undated = next(iter(parked.values())).undated
    read = Counter(undated)
    dropped = Counter({f"{stream}.unparsable": rows for stream, rows in undated.items()})
    for day in parked.values():
        read.update(day.read)
        dropped.update(day.dropped)
    _refuse_unparsable(location, read, dropped, settings.max_unparsable_share)
    if splits is None:
        of_split = _split_sessions(parked[""], settings)
    else:
        of_split = {split: tuple(parked[day] for day in days) for split, days in splits.items()}
    return RawLog(of_split, dict(sorted(read.items())), dict(sorted(dropped.items())))


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


def _refuse_unparsable(
    location: str, read: Mapping[str, int], dropped: Mapping[str, int], share: float
) -> None:
    for stream, rows in read.items():
        bad = dropped[f"{stream}.unparsable"]
        if bad > share * rows:
            raise InputError(
                f"{location}: {bad:,} of {rows:,} {stream} ({bad / rows:.2%}) can't be parsed, or "
                f"have no usable key or time; at most {share:.2%} are allowed. Check the files and "
                "the column names and time unit in the configuration, or raise "
                "ingest.max_unparsable_share"
            )


def _split_sessions(whole: RawDay, settings: Ingest) -> dict[Split, tuple[RawDay, ...]]:
    """Cuts a parked file without dates into one file a split."""
    rows = pl.scan_parquet(whole.path, glob=False).with_columns(pl.col("session").fill_null(""))
    sessions = rows.select("session").unique().collect(engine="streaming")["session"]
    shares = (settings.test_share, settings.validation_share)
    chosen = [split_of_session(session, *shares) for session in sessions]
    table = pl.LazyFrame({"session": sessions, "split": pl.Series(chosen, dtype=pl.String)})
    placed = rows.join(table, on="session", how="left", maintain_order="left")
    parts: dict[Split, tuple[RawDay, ...]] = {}
    for split in SPLITS:
        if split not in chosen:
            raise InputError(
                f"no session fell into the {split} split: {len(sessions)} sessions were seen; "
                "give more sessions, or change ingest.test_share and ingest.validation_share"
            )
        path = whole.path.with_name(f"{split}.parquet")
        part = placed.filter(pl.col("split") == split).drop("session", "split")
        part.sink_parquet(path, **READ_ONCE, row_group_size=settings.row_group_rows)
        parts[split] = (measure(split, path, tuple(whole.sums)),)
    whole.path.unlink()
    return parts
