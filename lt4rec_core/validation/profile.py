"""What is counted of one day: all that validation needs of its rows alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from lt4rec_core.artifact import file_inside
from lt4rec_core.errors import ArtifactError
from lt4rec_core.validation.expectation import Expectation
from lt4rec_core.validation.subject import Day, Subject
from lt4rec_core.validation.tally import occurrences

if TYPE_CHECKING:
    from lt4rec_core.data.features import FieldMap

_COUNTS = "counts.parquet"
_SCHEMA = pl.Schema(
    {
        "day": pl.String(),
        "expectation": pl.String(),
        "key": pl.String(),
        "value": pl.Float64(),
    }
)


@dataclass(frozen=True)
class DayProfile:
    """One day's numbers.

    Attributes:
        day: which one.
        counts: what each expectation counts, by its name.
        occurrences: how often each id of a field occurs; see `tally.occurrences`.
    """

    day: str
    counts: Mapping[str, Mapping[str, float]]
    occurrences: Callable[[FieldMap], pl.DataFrame]


def profile_day(subject: Subject, expectations: Mapping[str, Expectation], day: Day) -> DayProfile:
    """Counts a day in one streaming pass, and the ids of each field when they're asked for."""
    aggregates = {
        (name, key): aggregate
        for name, entry in expectations.items()
        if entry.count is not None
        for key, aggregate in entry.count(subject, day).items()
    }
    # Aliases are numbers: a column's name could hold any separator.
    row = (
        day.scan()
        .select(
            pl.len().alias("rows"),
            *[aggregate.alias(str(place)) for place, aggregate in enumerate(aggregates.values())],
        )
        .collect(engine="streaming")
        .row(0)
    )
    counts: dict[str, dict[str, float]] = {name: {"rows": row[0]} for name in expectations}
    for (name, key), value in zip(aggregates, row[1:], strict=True):
        counts[name][key] = value or 0
    return DayProfile(day.name, counts, lambda field: occurrences(subject, field, day))


def save_profile(profile: DayProfile, fields: Iterable[FieldMap], folder: Path) -> None:
    """Writes a profile with the ids of `fields` to an empty folder."""
    rows = [
        (profile.day, name, key, float(value))
        for name, counted in profile.counts.items()
        for key, value in counted.items()
    ]
    pl.DataFrame(rows, _SCHEMA, orient="row").write_parquet(folder / _COUNTS)
    for field in fields:
        profile.occurrences(field).write_parquet(folder / _file(field))


def open_profile(folder: Path) -> DayProfile:
    """Opens a saved profile; the ids of a field are read when they're asked for.

    Raises:
        ArtifactError: the folder holds none.
    """

    def read(name: str) -> pl.DataFrame:
        path = file_inside(folder, name)
        try:
            return pl.read_parquet(path, glob=False)
        except pl.exceptions.PolarsError as error:
            raise ArtifactError(f"{path} can't be read: {error}; make it anew") from error

    rows = read(_COUNTS)
    counts: dict[str, dict[str, float]] = {}
    for name, key, value in rows.drop("day").iter_rows():
        counts.setdefault(name, {})[key] = value
    day = "" if rows.is_empty() else str(rows["day"][0])
    return DayProfile(day, counts, lambda field: read(_file(field)))


def _file(field: FieldMap) -> str:
    return f"id.{field.name}.parquet"
