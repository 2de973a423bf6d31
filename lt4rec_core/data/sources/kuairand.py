"""KuaiRand's native CSV files: one impression a row, with what the user did.

Gao et al., "KuaiRand: An Unbiased Sequential Recommendation Dataset with Randomly
Exposed Videos", CIKM 2022. Days are cut by the log's own `date` (China), which
disagrees with `time_ms` near midnight.
"""

from __future__ import annotations

import fnmatch
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from lt4rec_core.config import Ingest
from lt4rec_core.data.objects import Entry, Location, open_location
from lt4rec_core.data.sources.canonical import clean
from lt4rec_core.data.sources.files import PATH_DAY, column_names, explained, locate, scan
from lt4rec_core.data.sources.formats import LogFile
from lt4rec_core.data.sources.partitions import check_days, shifted, surrounded
from lt4rec_core.data.sources.raw import unified
from lt4rec_core.data.sources.source import Columns, DayRead
from lt4rec_core.data.sources.staging import Staged, repeats, stage
from lt4rec_core.data.sources.wanted import missing_column
from lt4rec_core.errors import InputError

USER, VIDEO, HOUR = "user_id", "video_id", "hour"
# Labels by the column that says 0 or 1.
BINARY = {
    "click": "is_click",
    "like": "is_like",
    "follow": "is_follow",
    "comment": "is_comment",
    "forward": "is_forward",
    "hate": "is_hate",
    "long_view": "long_view",
    "profile_enter": "is_profile_enter",
}
OUTCOMES = frozenset({*BINARY.values(), "play_time_ms", "profile_stay_time", "comment_stay_time"})
LOG = (USER, VIDEO, "date", "hourmin", "time_ms", *BINARY.values(), "play_time_ms", "duration_ms")


class KuaiRandFiles:
    """The `kuairand` source."""

    dated = True

    def outcomes(self, ingest: Ingest) -> frozenset[str]:  # noqa: ARG002 (the same for all)
        """What the user did: clicks, play times, stays, reactions."""
        return OUTCOMES

    def labels(self, ingest: Ingest) -> tuple[str, ...]:  # noqa: ARG002 (the same for all)
        """Click, watch ratio and the binary reactions."""
        return ("click", "watch_ratio", *(name for name in BINARY if name != "click"))

    def fingerprint(self, location: str, ingest: Ingest, days: tuple[str, ...] = ()) -> str:  # noqa: ARG002
        """Digest of the log files and the two feature files."""
        place = open_location(location, ingest.s3)
        return place.fingerprint(entry for group in _entries(place, ingest) for entry in group)

    def partitions(self, location: str, ingest: Ingest, days: tuple[str, ...]) -> dict[str, str]:  # noqa: ARG002
        """No path names a day."""
        return {}

    def days(self, location: str, ingest: Ingest, scratch: Path | None = None) -> tuple[str, ...]:
        """Every day that the log's `date` names."""
        place = open_location(location, ingest.s3)
        with tempfile.TemporaryDirectory(dir=scratch, prefix="days-") as folder:
            files = locate(place, _entries(place, ingest)[0], Path(folder))
            dates = scan(files, ["date"]).select(day=_day()).unique()
            with explained(files):
                return tuple(sorted(dates.collect(engine="streaming")["day"].drop_nulls()))

    def read(
        self,
        location: str,
        ingest: Ingest,
        columns: Columns,
        days: tuple[str, ...],
        scratch: Path | None = None,
    ) -> Iterator[DayRead]:
        """See Source. All columns of the log, the users and the videos can be asked for."""
        place = open_location(location, ingest.s3)
        with tempfile.TemporaryDirectory(dir=scratch, prefix="kuairand-") as folder:
            root = Path(folder)
            logs, users, videos = (
                locate(place, group, root / "fetched") for group in _entries(place, ingest)
            )
            frame = _joined(logs, users, videos, columns)
            files = [*logs, *users, *videos]
            rows = [_rows(frame, columns)]
            staged = stage(rows, files, surrounded(days, 1, 0), root / "staged")
            if not set(days) <= set(staged.days):
                check_days(days, self.days(location, ingest, scratch), location)
            for day in days:
                yield _read_day(staged, columns, day)


def _entries(place: Location, ingest: Ingest) -> tuple[list[Entry], list[Entry], list[Entry]]:
    settings = ingest.kuairand
    entries = place.entries()

    def matching(pattern: str, key: str) -> list[Entry]:
        found = [
            entry
            for entry in entries
            if fnmatch.fnmatch(entry.name, pattern)
            or fnmatch.fnmatch(entry.name.rpartition("/")[2], pattern)
        ]
        if not found:
            names = ", ".join(entry.name for entry in entries[:20]) or "nothing"
            raise InputError(
                f"the source has no file like {pattern!r} (ingest.kuairand.{key}); there is {names}"
            )
        return found

    return (
        matching(settings.log, "log"),
        matching(settings.users, "users"),
        matching(settings.videos, "videos"),
    )


def _joined(
    logs: tuple[LogFile, ...],
    users: tuple[LogFile, ...],
    videos: tuple[LogFile, ...],
    columns: Columns,
) -> pl.LazyFrame:
    """The log with the users' and videos' columns that are asked for; the log's own come first."""
    log_names, user_names, video_names = (column_names(files) for files in (logs, users, videos))
    known = {HOUR, *log_names, *user_names, *video_names}
    missing_column("the source", columns.names, known)
    own = [name for name in columns.names if name in log_names]
    frame = scan(logs, list(dict.fromkeys((*LOG, *own))), columns.multi)
    taken = {HOUR, *log_names}
    for key, files, names in ((USER, users, user_names), (VIDEO, videos, video_names)):
        more = [name for name in columns.names if name in names and name not in taken]
        taken |= names
        if not more:
            continue
        side = scan(files, [key, *more], columns.multi).drop(PATH_DAY).with_columns(clean(key))
        side = side.filter(pl.col(key).is_not_null())
        side = side.unique(key, keep="first", maintain_order=True)
        frame = frame.with_columns(clean(key)).join(side, on=key, how="left", maintain_order="left")
    return frame


def _day() -> pl.Expr:
    digits = clean("date").str.replace_all("-", "", literal=True)
    date = digits.str.to_date("%Y%m%d", strict=False)
    return pl.when(digits.str.len_chars() == 8).then(date.cast(pl.String))


def _rows(frame: pl.LazyFrame, columns: Columns) -> pl.LazyFrame:
    frame = frame.with_columns(
        clean("hourmin").cast(pl.Int64, strict=False).floordiv(100).cast(pl.String).alias(HOUR)
    )
    raw = unified(columns, frame.collect_schema())
    duration = clean("duration_ms").cast(pl.Float64, strict=False)
    played = clean("play_time_ms").cast(pl.Float64, strict=False)
    rows = frame.select(
        PATH_DAY,
        clean(USER).alias("user"),
        clean(VIDEO).alias("item"),
        clean("time_ms").cast(pl.Int64, strict=False).alias("time"),
        pl.when(duration.is_finite() & (duration > 0)).then(duration).alias("duration"),
        pl.when(played.is_finite() & (played >= 0)).then(played).alias("play_time"),
        *(
            clean(column).cast(pl.Float32, strict=False).alias(f"label.{name}")
            for name, column in BINARY.items()
        ),
        *(expression.name.prefix("raw.") for expression in raw),
        day=_day(),
    )
    keys = ("user", "item", "time", "day", "play_time", "label.click")
    return rows.with_columns(ok=pl.all_horizontal(pl.col(name).is_not_null() for name in keys))


def _read_day(staged: Staged, columns: Columns, day: str) -> DayRead:
    """Reads a day without what it repeats, of itself or of the day before.

    Near midnight, where `date` and `time_ms` disagree, an impression may stand on two
    days. The day before is looked at whether it is asked for or not.
    """
    keys = ["user", "item", "time"]
    frame = staged.scan(day)
    again = repeats(frame, keys, ())
    kept = frame.filter(~pl.col("row").is_in(again.implode()))
    before = shifted(day, -1)
    if staged.rows[before, True]:
        earlier = staged.scan(before).select(keys)
        kept = kept.join(earlier, on=keys, how="anti", maintain_order="left")
    useless = pl.col("duration").is_null()
    clicked = pl.col("label.click") == 1
    counts = kept.select(without=useless.sum(), rows=pl.len()).collect(engine="streaming")
    without, rows = counts.row(0)
    outcome = frame.select(clicks=clicked.sum(), plays=(pl.col("play_time") > 0).sum())
    clicks, plays = outcome.collect(engine="streaming").row(0)
    dropped = {
        "impressions.unparsable": staged.rows[day, False],
        "impressions.duplicate": staged.rows[day, True] - rows,
        "impressions.no_duration": without,
    }
    read = {"impressions": staged.read(day), "clicks": clicks, "plays": plays}
    if rows == without:
        raise InputError(f"no impression of {day} can be used: of {read} were dropped {dropped}")
    ratio = (pl.col("play_time") / pl.col("duration")).clip(0.0, 1.0)
    selected = kept.filter(~useless).select(
        pl.concat_str("user", "item", "time", separator="|").alias("row_id"),
        "user",
        "item",
        "time",
        (pl.col("duration") / 1000).alias("length"),
        "label.click",
        pl.when(clicked).then(ratio).cast(pl.Float32).alias("label.watch_ratio"),
        *(f"label.{name}" for name in BINARY if name != "click"),
        *(pl.col(f"raw.{name}").alias(name) for name in columns.names),
    )
    return DayRead(
        day,
        selected,
        read,
        {name: count for name, count in dropped.items() if count},
        {"impressions": staged.undated} if staged.undated else {},
    )


KUAIRAND = KuaiRandFiles()
