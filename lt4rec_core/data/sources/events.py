"""Raw impression, click and play streams, joined into labelled impressions.

Each stream is a sub-folder of the location. An impression carries the keys, its
time, the video's duration and the feature columns; a click the keys and its time; a
play also how long it lasted. See `attribution` for what belongs to what.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from lt4rec_core.config import Events, Ingest
from lt4rec_core.data.objects import Entry, Location, open_location
from lt4rec_core.data.sources.attribution import Attribution, reach
from lt4rec_core.data.sources.event_rows import (
    columns_of,
    expected_times,
    refuse_unusable,
    rows_of,
)
from lt4rec_core.data.sources.files import explained, locate, scan, scan_parts
from lt4rec_core.data.sources.partitions import (
    check_days,
    path_day,
    shifted,
    surrounded,
    utc_days,
    zone,
)
from lt4rec_core.data.sources.source import Columns, DayRead
from lt4rec_core.data.sources.staging import (
    Staged,
    local_day,
    milliseconds,
    stage,
)
from lt4rec_core.errors import InputError

CLICK, WATCH_RATIO = "click", "watch_ratio"


class EventStreams:
    """The `events` source."""

    dated = True

    def outcomes(self, ingest: Ingest) -> frozenset[str]:
        """The play time, and what the configuration calls outcomes."""
        return frozenset({ingest.events.play_time, *ingest.events.outcomes})

    def labels(self, ingest: Ingest) -> tuple[str, ...]:
        """Click, watch ratio, and the outcome columns of the impressions where they are 0 or 1."""
        return (CLICK, WATCH_RATIO, *ingest.events.outcomes)

    def fingerprint(self, location: str, ingest: Ingest, days: tuple[str, ...] = ()) -> str:
        """Digest of the three streams' files, of partitions near `days` where these are named."""
        place = open_location(location, ingest.s3)
        streams = (
            _near(place, ingest.events, name, days) if days else _entries(place, name)
            for name in _streams(ingest.events)
        )
        return place.fingerprint(entry for stream in streams for entry in stream)

    def partitions(self, location: str, ingest: Ingest, days: tuple[str, ...]) -> dict[str, str]:
        """Digest of the three streams' files by the day that their paths name."""
        place = open_location(location, ingest.s3)
        found: dict[str, list[Entry]] = {}
        for name in _streams(ingest.events):
            for entry in _entries(place, name):
                found.setdefault(path_day(entry.name), []).append(entry)
        return {day: place.fingerprint(found[day]) for day in days if day in found}

    def days(self, location: str, ingest: Ingest, scratch: Path | None = None) -> tuple[str, ...]:
        """Days with impressions, but for edges that only a part of was logged.

        Where every path names a day, the files of one partition tell whether these
        are UTC or local days; of UTC partitions a local day needs all that it overlaps.
        """
        events, place = ingest.events, open_location(location, ingest.s3)
        entries = _entries(place, events.impressions)
        named = sorted({path_day(entry.name) for entry in entries})
        if "" in named:
            found = _time_days(place, entries, ingest, ingest.time_zone, scratch)
            if not found:
                told = expected_times(events)
                raise InputError(f"no impression of {location} has a time: {told}")
            return tuple(sorted(found))
        local = zone(ingest.time_zone)
        first = [entry for entry in entries if path_day(entry.name) == named[0]]
        if _time_days(place, first, ingest, "UTC", scratch) - {named[0]}:
            return tuple(named)
        candidates = surrounded(named, 1, 1)
        return tuple(day for day in candidates if set(utc_days(day, local)) <= set(named))

    def read(
        self,
        location: str,
        ingest: Ingest,
        columns: Columns,
        days: tuple[str, ...],
        scratch: Path | None = None,
    ) -> Iterator[DayRead]:
        """See Source. Each stream is read once, pruned by partition, and staged by day."""
        place, events = open_location(location, ingest.s3), ingest.events
        with tempfile.TemporaryDirectory(dir=scratch, prefix="events-") as folder:
            staged = {
                name: _stage(place, name, ingest, columns, days, Path(folder) / str(number))
                for number, name in enumerate(_streams(events))
            }
            impressions, clicks, plays = staged.values()
            empty = set(days) - set(impressions.days)
            if empty:
                refuse_unusable(impressions, empty, events)
                present = set(self.days(location, ingest, scratch)) - empty
                check_days(days, present | set(impressions.days), location)
            attribution = Attribution(events, impressions, clicks, plays)
            for day in days:
                yield _day(attribution, ingest, columns, day)
                attribution.forget(before=shifted(day, -reach(events)))


def _streams(events: Events) -> tuple[str, str, str]:
    return events.impressions, events.clicks, events.plays


def _entries(place: Location, stream: str) -> tuple[Entry, ...]:
    entries = place.entries(stream)
    if not entries:
        raise InputError(
            f"there is no file of the stream {stream!r} below the source; expected a folder of "
            "that name, with Parquet, CSV or JSON Lines files (ingest.events names the streams)"
        )
    return entries


def _needed(days: tuple[str, ...], events: Events, stream: str) -> tuple[str, ...]:
    """The days of a stream that tell what belongs to `days`, and what of them is dropped.

    A click or play may belong to an impression that a window reaches back to, and that
    one counts unless it repeats another, as far back again.
    """
    back = reach(events)
    if stream == events.impressions:
        return surrounded(days, 2 * back, 0)
    return surrounded(days, back, back)


def _near(place: Location, events: Events, stream: str, days: tuple[str, ...]) -> tuple[Entry, ...]:
    """The files that may hold rows of the needed days: a local day overlaps two UTC days."""
    near = {"", *surrounded(_needed(days, events, stream), 1, 1)}
    return tuple(entry for entry in _entries(place, stream) if path_day(entry.name) in near)


def _time_days(
    place: Location,
    entries: tuple[Entry, ...] | list[Entry],
    ingest: Ingest,
    zone_name: str,
    scratch: Path | None,
) -> set[str]:
    zone(zone_name)
    events = ingest.events
    with tempfile.TemporaryDirectory(dir=scratch, prefix="days-") as folder:
        files = locate(place, entries, Path(folder))
        frame = scan(files, [events.time])
        dtype = frame.collect_schema()[events.time]
        time = frame.select(time=milliseconds(events.time, dtype, events.time_unit))
        found = time.select(day=local_day("time", zone_name)).unique()
        with explained(files):
            return set(found.collect(engine="streaming")["day"].drop_nulls())


def _stage(
    place: Location,
    stream: str,
    ingest: Ingest,
    columns: Columns,
    days: tuple[str, ...],
    folder: Path,
) -> Staged:
    zone(ingest.time_zone)
    events = ingest.events
    entries = _near(place, events, stream, days)
    if not entries:
        present = {path_day(entry.name) for entry in _entries(place, stream)}
        check_days(days, present, f"the stream {stream!r}")
    files = locate(place, entries, folder / "fetched")
    wanted, allowed = columns_of(events, columns, stream)
    strict = None if events.allow_extra_columns else allowed
    parts = scan_parts(files, wanted, columns.multi, strict)
    rows = [rows_of(part, ingest, columns, stream) for part in parts]
    staged = stage(rows, files, _needed(days, events, stream), folder / "staged")
    shutil.rmtree(folder / "fetched", ignore_errors=True)
    return staged


def _day(attribution: Attribution, ingest: Ingest, columns: Columns, day: str) -> DayRead:
    impressions, events = attribution.impressions, ingest.events
    again = attribution.repeated(day)
    clicked, played = attribution.clicked(day), attribution.played(day)
    kept = impressions.scan(day).filter(~pl.col("row").is_in(again.implode()))
    useless = pl.col("duration").is_null()
    without = int(kept.select(useless.sum()).collect(engine="streaming").item())
    streams = {
        "impressions": impressions,
        "clicks": attribution.clicks,
        "plays": attribution.plays,
    }
    read = {name: stream.read(day) for name, stream in streams.items()}
    dropped = {f"{name}.unparsable": stream.rows[day, False] for name, stream in streams.items()}
    dropped |= {"impressions.duplicate": len(again), "impressions.no_duration": without}
    dropped |= attribution.dropped(day)
    if impressions.rows[day, True] == len(again) + without:
        raise InputError(
            f"no impression of {day} can be used: {read['impressions']:,} were read, dropped were "
            f"{ {reason: count for reason, count in dropped.items() if count} }"
        )
    is_click = _at_row(clicked)
    ratio = (_at_row(played) / pl.col("duration")).clip(0.0, 1.0)
    frame = kept.filter(~useless).select(
        pl.col("key").alias("row_id"),
        "user",
        "item",
        "time",
        (pl.col("duration") / 1000).alias("length"),
        is_click.cast(pl.Float32).alias(f"label.{CLICK}"),
        pl.when(is_click).then(ratio).cast(pl.Float32).alias(f"label.{WATCH_RATIO}"),
        *(f"label.{name}" for name in events.outcomes),
        *(pl.col(f"raw.{name}").alias(name) for name in columns.names),
    )
    return DayRead(
        day,
        frame,
        read,
        {name: count for name, count in dropped.items() if count},
        {name: stream.undated for name, stream in streams.items() if stream.undated},
    )


def _at_row(values: pl.Series) -> pl.Expr:
    """What `values` have for each `row`: looked up, where a join would hold rows of its own."""
    return pl.col("row").map_batches(values.gather, return_dtype=values.dtype, is_elementwise=True)


EVENTS = EventStreams()
