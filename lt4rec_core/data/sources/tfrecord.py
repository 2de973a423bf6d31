"""TFRecord files of tf.train.Example messages; the configuration maps their features.

They carry no day, so that they are split by session. A session is what
`ingest.tfrecord.session` says up to the first `session_separator`; where it names no
feature, the user is the session.
"""

from __future__ import annotations

import contextlib
import fnmatch
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from lt4rec_core.config import Ingest
from lt4rec_core.config import TFRecord as Settings
from lt4rec_core.data.objects import Entry, Location, open_location
from lt4rec_core.data.sources.example import decode
from lt4rec_core.data.sources.example_frame import frame_of
from lt4rec_core.data.sources.records import records
from lt4rec_core.data.sources.source import Columns, DayRead
from lt4rec_core.data.sources.wanted import missing_column
from lt4rec_core.errors import ConfigError, InputError

CHUNK_ROWS, CHUNK_BYTES = 16_384, 64 << 20


class TFRecordFiles:
    """The `tfrecord` source."""

    dated = False

    def outcomes(self, ingest: Ingest) -> frozenset[str]:
        """The two labels, and what the configuration calls outcomes."""
        settings = ingest.tfrecord
        return frozenset({settings.click, settings.watch_ratio, *settings.outcomes})

    def labels(self, ingest: Ingest) -> tuple[str, ...]:  # noqa: ARG002 (the same for all)
        """Click and watch ratio."""
        return ("click", "watch_ratio")

    def fingerprint(self, location: str, ingest: Ingest, days: tuple[str, ...] = ()) -> str:  # noqa: ARG002
        """Digest of the files that match the pattern."""
        place = open_location(location, ingest.s3)
        return place.fingerprint(_entries(place, ingest.tfrecord))

    def partitions(self, location: str, ingest: Ingest, days: tuple[str, ...]) -> dict[str, str]:  # noqa: ARG002
        """No path names a day."""
        return {}

    def days(self, location: str, ingest: Ingest, scratch: Path | None = None) -> tuple[str, ...]:  # noqa: ARG002
        """One nameless day, where there are files at all."""
        _entries(open_location(location, ingest.s3), ingest.tfrecord)
        return ("",)

    def read(
        self,
        location: str,
        ingest: Ingest,
        columns: Columns,
        days: tuple[str, ...],
        scratch: Path | None = None,
    ) -> Iterator[DayRead]:
        """See Source. The records are decoded once, in chunks, into temporary Parquet files."""
        if days != ("",):
            raise InputError(f"TFRecord files carry no days; the days {days} can't be read")
        place, settings = open_location(location, ingest.s3), ingest.tfrecord
        if not (settings.session or settings.user):
            raise ConfigError(
                "ingest.tfrecord names neither a session nor a user; without days the records "
                "are split by one of them"
            )
        with tempfile.TemporaryDirectory(dir=scratch, prefix="tfrecord-") as folder:
            yield _read_all(place, ingest, columns, Path(folder))


def _entries(place: Location, settings: Settings) -> list[Entry]:
    entries = place.entries()
    found = [
        entry
        for entry in entries
        if fnmatch.fnmatch(entry.name, settings.pattern)
        or fnmatch.fnmatch(entry.name.rpartition("/")[2], settings.pattern)
    ]
    if not found:
        names = ", ".join(entry.name for entry in entries[:20]) or "nothing"
        raise InputError(
            f"the source has no file like {settings.pattern!r} (ingest.tfrecord.pattern); "
            f"there is {names}"
        )
    return found


def _read_all(place: Location, ingest: Ingest, columns: Columns, folder: Path) -> DayRead:
    settings = ingest.tfrecord
    session = settings.session or settings.user
    keys = [settings.user, settings.item, settings.duration, session]
    labels = [settings.click, settings.watch_ratio]
    texts = list(dict.fromkeys([name for name in keys if name] + [*columns.single, *columns.multi]))
    numbers = list(dict.fromkeys([*labels, *columns.numeric]))
    seen: set[bytes] = set()
    parts = list(_write_chunks(place, settings, texts, numbers, seen, folder))
    if not parts:
        raise InputError(f"no record in any file like {settings.pattern!r}; the source is empty")
    if lost := [name for name in (*texts, *numbers) if name.encode() not in seen]:
        missing_column("the source", lost, _names(place, settings, folder))
    _refuse_several(pl.scan_parquet(parts, glob=False), columns)
    frame = _rows(pl.scan_parquet(parts, glob=False), settings, session, columns)
    counts = frame.select(
        rows=pl.len(),
        unparsable=(~pl.col("ok")).sum(),
        without=(pl.col("ok") & pl.col("no_duration")).sum(),
        clicks=(pl.col("label.click") == 1).sum(),
        plays=(pl.col("label.watch_ratio") > 0).sum(),
    )
    rows, unparsable, without, clicks, plays = counts.collect(engine="streaming").row(0)
    if unparsable > ingest.max_unparsable_share * rows:
        raise InputError(
            f"{unparsable:,} of {rows:,} records ({unparsable / rows:.2%}) aren't Examples with "
            f"one click of 0 or 1 and their keys; at most {ingest.max_unparsable_share:.2%} are "
            "allowed. Check ingest.tfrecord, or raise ingest.max_unparsable_share"
        )
    if unparsable + without == rows:
        raise InputError(f"none of {rows:,} records can be used; {without:,} have no duration")
    dropped = {"impressions.unparsable": unparsable, "impressions.no_duration": without}
    return DayRead(
        "",
        frame.filter(pl.col("ok") & ~pl.col("no_duration")).drop("ok", "no_duration"),
        {"impressions": rows, "clicks": clicks, "plays": plays},
        {name: count for name, count in dropped.items() if count},
    )


def _refuse_several(frame: pl.LazyFrame, columns: Columns) -> None:
    """Refuses a feature that has several values where the field that reads it takes one."""
    declared = {name: f"text.{name}" for name in columns.single}
    declared |= {name: f"number.{name}" for name in columns.numeric}
    if not declared:
        return
    several = [(pl.col(place).list.len() > 1).sum().alias(name) for name, place in declared.items()]
    counts = frame.select(several).collect(engine="streaming").row(0, named=True)
    for name, count in counts.items():
        if count:
            raise InputError(
                f"feature {name!r} has several values in {count:,} records, and a field that takes "
                'one reads it; declare the field with values = "multi"'
            )


def _write_chunks(
    place: Location,
    settings: Settings,
    texts: list[str],
    numbers: list[str],
    seen: set[bytes],
    folder: Path,
) -> Iterator[Path]:
    for number, (row_ids, messages) in enumerate(_chunks(place, settings, folder)):
        frame, names = frame_of(row_ids, messages, texts, numbers)
        seen.update(names)
        path = folder / f"{number:06}.parquet"
        frame.write_parquet(path)
        yield path


def _chunks(
    place: Location, settings: Settings, folder: Path
) -> Iterator[tuple[list[str], list[bytes]]]:
    """Yields records with their row ids, as many at a time as are decoded side by side."""
    row_ids: list[str] = []
    messages: list[bytes] = []
    held = 0
    for entry in _entries(place, settings):
        path = place.fetch(entry, folder / "fetched")
        for number, record in enumerate(records(path, place.show(entry))):
            row_ids.append(f"{entry.name}:{number}")
            messages.append(record)
            held += len(record)
            if len(messages) == CHUNK_ROWS or held >= CHUNK_BYTES:
                yield row_ids, messages
                row_ids, messages, held = [], [], 0
    if messages:
        yield row_ids, messages


def _names(place: Location, settings: Settings, folder: Path) -> set[str]:
    """Names of all features of the first record that can be decoded."""
    for entry in _entries(place, settings):
        for record in records(place.fetch(entry, folder / "fetched"), place.show(entry)):
            with contextlib.suppress(ValueError):
                return {name.decode(errors="replace") for name in decode(record, None)}
    return set()


def _rows(frame: pl.LazyFrame, settings: Settings, session: str, columns: Columns) -> pl.LazyFrame:
    click, ratio = _number_of(settings.click), _number_of(settings.watch_ratio)
    group = _text_of(session)
    if settings.session and settings.session_separator:
        group = group.str.split(settings.session_separator).list.first()
    length = _text_of(settings.duration).cast(pl.Float64, strict=False)
    length = length / (1000 if settings.duration_unit == "ms" else 1)
    usable = [
        group.is_not_null(),
        pl.col(f"number.{settings.click}").list.len() == 1,
        click.is_in([0.0, 1.0]),
        (click == 0) | ratio.is_finite(),
        *(_text_of(name).is_not_null() for name in (settings.user, settings.item) if name),
    ]
    return frame.select(
        "row_id",
        _text_of(settings.user).alias("user"),
        _text_of(settings.item).alias("item"),
        pl.lit(None, pl.Int64).alias("time"),
        pl.when(length.is_finite() & (length > 0)).then(length).alias("length"),
        click.cast(pl.Float32).alias("label.click"),
        pl.when(click == 1).then(ratio).cast(pl.Float32).alias("label.watch_ratio"),
        group.alias("session"),
        *(_text_of(name).alias(name) for name in columns.single),
        *(_texts_of(name).alias(name) for name in columns.multi),
        *(_finite(_number_of(name)).alias(name) for name in columns.numeric),
        ok=pl.all_horizontal(usable).fill_null(False),
        no_duration=~(length.is_finite() & (length > 0)).fill_null(False)
        if settings.duration
        else pl.lit(False),
    )


def _text_of(name: str) -> pl.Expr:
    """The first value as canonical text; null where there is none, or no such feature is named."""
    if not name:
        return pl.lit(None, pl.String)
    text = pl.col(f"text.{name}").list.first().str.strip_chars()
    return pl.when(text != "").then(text)


def _texts_of(name: str) -> pl.Expr:
    stripped = pl.col(f"text.{name}").list.eval(pl.element().str.strip_chars())
    kept = stripped.list.eval(pl.element().filter(pl.element() != ""))
    return pl.when(kept.list.len() > 0).then(kept)


def _number_of(name: str) -> pl.Expr:
    return pl.col(f"number.{name}").list.first()


def _finite(number: pl.Expr) -> pl.Expr:
    return pl.when(number.is_finite()).then(number)


TFRECORD = TFRecordFiles()
