"""What a source of raw impressions is, and what it gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lt4rec_core.config import FeatureField, Ingest
from lt4rec_core.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

OWN = frozenset({"row_id", "user", "item", "time", "length", "session"})
DERIVED = ("known.", "label.", "id.")


@dataclass(frozen=True)
class Columns:
    """The raw columns that a run needs, each read in exactly one way.

    Attributes:
        single: columns read as one text a row.
        multi: columns read as a list of texts a row, with the separator that cuts
            them where the file holds plain text.
        numeric: columns read as Float64.
    """

    single: tuple[str, ...] = ()
    multi: Mapping[str, str] = field(default_factory=dict)
    numeric: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All columns: single, multi, numeric."""
        return (*self.single, *self.multi, *self.numeric)

    @classmethod
    def of(cls, fields: Iterable[FeatureField], slices: Iterable[str] = ()) -> Columns:
        """Collects the columns behind `fields` and those of `slices` that the source must give.

        Raises:
            ConfigError: two fields read one column in different ways, or a column has
                the name of one of the dataset's own.
        """
        ways: dict[str, tuple[str, str]] = {}
        for entry in fields:
            kind = "numeric" if entry.kind == "numeric" else entry.values
            way = (kind, entry.separator if kind == "multi" else "")
            if ways.setdefault(entry.source_column, way) != way:
                raise ConfigError(
                    f"field {entry.name!r} reads the column {entry.source_column!r} as {kind}, "
                    f"another field reads it as {ways[entry.source_column][0]}; "
                    "declare both alike, or let them read two columns"
                )
        for column in slices:
            if not column.startswith(DERIVED):
                ways.setdefault(column, ("single", ""))
        taken = sorted(OWN & set(ways))
        if taken:
            raise ConfigError(
                f"the raw column {taken[0]!r} has the name of one of a dataset's own columns "
                f"({', '.join(sorted(OWN))}); give it another name in the log"
            )
        return cls(
            single=tuple(name for name, (kind, _) in ways.items() if kind == "single"),
            multi={name: mark for name, (kind, mark) in ways.items() if kind == "multi"},
            numeric=tuple(name for name, (kind, _) in ways.items() if kind == "numeric"),
        )


@dataclass(frozen=True)
class DayRead:
    """One day's impressions, and what was read and dropped to get them.

    Attributes:
        day: "2022-05-01", or "" for a source without dates.
        frame: `row_id`, `user`, `item` (text), `time` (epoch ms, UTC), `length`
            (seconds), `label.<name>` (Float32), the raw columns, and `session`
            for a source without dates. Streaming; good until the next day is asked
            for, since it may stand on files that are removed then.
        read: rows read, by stream: impressions, clicks, plays.
        dropped: rows dropped, by `<stream>.<reason>`.
        undated: unparsable rows whose day can't be told, by stream: the same for every
            day, and in neither of the other two, so that they can be counted once.
    """

    day: str
    frame: pl.LazyFrame
    read: dict[str, int]
    dropped: dict[str, int]
    undated: dict[str, int] = field(default_factory=dict)


class Source(Protocol):
    """A kind of raw log. `dated` sources are split by day, the others by session."""

    @property
    def dated(self) -> bool:
        """Whether the impressions carry days."""

    def outcomes(self, ingest: Ingest) -> frozenset[str]:
        """Raw columns that describe what came of the impression: never features."""

    def labels(self, ingest: Ingest) -> tuple[str, ...]:
        """Names of the labels that it gives, without their `label.` prefix."""

    def fingerprint(self, location: str, ingest: Ingest, days: tuple[str, ...] = ()) -> str:
        """Digest of everything that could be read for `days`; of all there is, by default."""

    def partitions(self, location: str, ingest: Ingest, days: tuple[str, ...]) -> dict[str, str]:
        """Digest of the files whose paths name a day, for each of `days` that has some."""

    def days(self, location: str, ingest: Ingest, scratch: Path | None = None) -> tuple[str, ...]:
        """All complete days that are present, in order; `("",)` where there are no dates."""

    def read(
        self,
        location: str,
        ingest: Ingest,
        columns: Columns,
        days: tuple[str, ...],
        scratch: Path | None = None,
    ) -> Iterator[DayRead]:
        """Gives the days in turn; temporary files live below `scratch` and are removed.

        Raises:
            InputError: a day is missing or empty, a column is missing, a file is broken,
                or the location can't be reached.
        """
