"""One day's impressions as a source gives them, in a Parquet file, and what is known of them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pydantic

from lt4rec_core.artifact import file_inside, read_object, sealed, unsealed
from lt4rec_core.data.sources.source import Columns, DayRead
from lt4rec_core.data.sources.staging import READ_ONCE
from lt4rec_core.errors import ArtifactError, InputError

FORMAT = 1
RECORD = "day.json"

_UNIT = 2**20  # labels are added up in whole units, so that threads may add in any order


@dataclass(frozen=True)
class RawDay:
    """A file of impressions.

    Attributes:
        day: "2022-05-01"; "" or a split's name for a source without dates.
        path: the Parquet file.
        rows: its impressions.
        sums: the sum of each label over them.
        ones: how many of them have a 1, by label.
        read, dropped, undated: as in `DayRead`.
    """

    day: str
    path: Path
    rows: int
    sums: Mapping[str, float]
    ones: Mapping[str, int]
    read: Mapping[str, int]
    dropped: Mapping[str, int]
    undated: Mapping[str, int]


def park(
    part: DayRead,
    path: Path,
    columns: Columns,
    labels: Sequence[str],
    row_group_rows: int,
    session: bool = False,
) -> RawDay:
    """Streams a day to the file `path`, in order, with row groups of bounded size.

    Raises:
        InputError: it has no impression that can be used.
    """
    frame = unified(part.frame, columns, labels, session)
    frame.sink_parquet(path, **READ_ONCE, row_group_size=row_group_rows)
    day = measure(part.day, path, labels)
    if day.rows == 0:
        raise InputError(
            f"no impression of {f'day {part.day}' if part.day else 'the source'} can be used: "
            f"{numbers(part)}; expected at least one, see which rows the logs lack"
        )
    return dataclasses.replace(day, read=part.read, dropped=part.dropped, undated=part.undated)


def measure(day: str, path: Path, labels: Sequence[str]) -> RawDay:
    """Counts the rows and labels of a file."""
    columns = {name: pl.col(f"label.{name}") for name in labels}
    totals = (
        pl.scan_parquet(path, glob=False)
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
    return RawDay(day, path, int(totals["rows"]), sums, ones, {}, {}, {})


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


def numbers(part: DayRead) -> str:
    """Says how many impressions were read, and what was dropped, for messages."""
    dropped = ", ".join(f"{count} {reason}" for reason, count in part.dropped.items() if count)
    return f"{part.read.get('impressions', 0)} impressions, dropped {dropped or 'none'}"


def write_record(day: RawDay) -> None:
    """Writes what is known of a day beside its file."""
    head = {"format": FORMAT, "kind": "raw day"}
    record = sealed({**head, **dataclasses.asdict(day), "path": day.path.name})
    text = json.dumps(record, indent=1) + "\n"
    day.path.with_name(RECORD).write_text(text, encoding="utf-8")


def open_raw_day(folder: Path) -> RawDay:
    """Opens a day by its record in `folder`.

    Raises:
        ArtifactError: there is no such record or file, or it was changed by hand.
    """
    try:
        record = unsealed(read_object(folder, RECORD))
        head = (record.pop("format"), record.pop("kind"))
        if head != (FORMAT, "raw day"):
            raise ValueError(f"it is {head}, expected {(FORMAT, 'raw day')}")
        record["path"] = file_inside(folder, record["path"])
        return _ADAPTER.validate_python(record)
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise ArtifactError(f"{folder / RECORD} isn't a day's record: {error}") from None


def _units(label: pl.Expr) -> pl.Expr:
    return (label.cast(pl.Float64) * _UNIT).round().cast(pl.Int64, strict=False)


_ADAPTER = pydantic.TypeAdapter(RawDay)
