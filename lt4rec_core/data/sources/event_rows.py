"""Rows of the three event streams in one form: keys, times, features and outcomes.

A row that can't be used has `ok` false; `day` is null where its time is none.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from lt4rec_core.config import Events, Ingest
from lt4rec_core.data.sources.canonical import as_number, clean
from lt4rec_core.data.sources.files import PATH_DAY
from lt4rec_core.data.sources.raw import unified
from lt4rec_core.data.sources.source import Columns
from lt4rec_core.data.sources.staging import Staged, local_day, milliseconds
from lt4rec_core.errors import InputError


def columns_of(events: Events, columns: Columns, stream: str) -> tuple[list[str], set[str]]:
    """The columns of a stream that are needed, and all that it may have."""
    known = {*_keys(events), events.impression_id, events.user, events.item, events.request}
    wanted = [*_keys(events), events.time]
    if stream == events.impressions:
        wanted += [events.user, events.item, events.duration, *events.outcomes, *columns.names]
    elif stream == events.plays:
        wanted.append(events.play_time)
    return list(dict.fromkeys(wanted)), {*known, *wanted}


def rows_of(frame: pl.LazyFrame, ingest: Ingest, columns: Columns, stream: str) -> pl.LazyFrame:
    """The rows of a stream's `frame`, which has the columns that `columns_of` names."""
    events, schema = ingest.events, frame.collect_schema()
    if stream == events.impressions:
        rows = _impressions(frame, schema, events, columns)
        usable = _known("key", "user", "item", "time")
    else:
        rows = _clicks_or_plays(frame, schema, events, watched=stream == events.plays)
        usable = _known("key", "time", "play_time")
    return rows.with_columns(ok=usable, day=local_day("time", ingest.time_zone))


def refuse_unusable(impressions: Staged, empty: Collection[str], events: Events) -> None:
    """Raises InputError where days have rows, and none of them its time and keys."""
    days = sorted(day for day in empty if impressions.rows[day, False])
    rows = sum(impressions.rows[day, False] for day in days)
    if not impressions.days:
        rows += impressions.undated
    if rows:
        raise InputError(
            f"no impression of {', '.join(days or sorted(empty))} can be used: none of the "
            f"{rows:,} rows has a key, a user, an item and a time; {expected_times(events)}"
        )


def expected_times(events: Events) -> str:
    """Says what a time is, for messages."""
    return (
        f"expected times of the years 2000 to 2100 in {events.time!r}, as timestamps or as numbers "
        f"of {events.time_unit} since 1970; see ingest.events.time_unit and the columns named there"
    )


def _keys(events: Events) -> tuple[str, ...]:
    if events.join == "impression_id":
        return (events.impression_id,)
    return events.user, events.item, events.request


def _key(events: Events, schema: pl.Schema) -> pl.Expr:
    """One text that stands for several key columns: escaped, so that no two rows' keys meet."""
    parts = [
        clean(name, schema[name])
        .str.replace_all("\\", "\\\\", literal=True)
        .str.replace_all("|", "\\|", literal=True)
        for name in _keys(events)
    ]
    return pl.concat_str(parts, separator="|").alias("key")


def _impressions(
    frame: pl.LazyFrame, schema: pl.Schema, events: Events, columns: Columns
) -> pl.LazyFrame:
    duration = as_number(events.duration, schema[events.duration])
    return frame.select(
        _key(events, schema),
        pl.col(PATH_DAY),
        clean(events.user, schema[events.user]).alias("user"),
        clean(events.item, schema[events.item]).alias("item"),
        milliseconds(events.time, schema[events.time], events.time_unit).alias("time"),
        pl.when(duration.is_finite() & (duration > 0)).then(duration).alias("duration"),
        *(_binary(name) for name in events.outcomes),
        *(expression.name.prefix("raw.") for expression in unified(columns, schema)),
    )


def _clicks_or_plays(
    frame: pl.LazyFrame, schema: pl.Schema, events: Events, watched: bool
) -> pl.LazyFrame:
    name = events.play_time
    played = as_number(name, schema[name]) if watched else pl.lit(0.0)
    return frame.select(
        _key(events, schema),
        pl.col(PATH_DAY),
        time=milliseconds(events.time, schema[events.time], events.time_unit),
        play_time=pl.when(played.is_finite() & (played >= 0)).then(played),
    )


def _known(*names: str) -> pl.Expr:
    return pl.all_horizontal(pl.col(name).is_not_null() for name in names)


def _binary(name: str) -> pl.Expr:
    text = clean(name).str.to_lowercase()
    value = text.replace_strict(
        {"0": 0.0, "1": 1.0, "0.0": 0.0, "1.0": 1.0, "false": 0.0, "true": 1.0},
        default=None,
        return_dtype=pl.Float32,
    )
    return value.alias(f"label.{name}")
