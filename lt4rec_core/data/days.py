"""Which days a run reads."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lt4rec_core.artifact import parse_object
from lt4rec_core.config import Ingest
from lt4rec_core.data.manifest import Split
from lt4rec_core.data.split import left_out_of, split_days, window
from lt4rec_core.errors import ConfigError, InputError

if TYPE_CHECKING:
    from lt4rec_core.data.sources.source import Source


@dataclass(frozen=True)
class Days:
    """The days of a run, and what was there to read when they were looked up.

    Attributes:
        window: the days that the run is about, in order; none where there are no dates.
        left_out: those of them that aren't read, each with why.
        fingerprint: digest of what could be read for the others.
    """

    window: tuple[str, ...]
    left_out: Mapping[str, str]
    fingerprint: str

    @property
    def read(self) -> tuple[str, ...]:
        """The days of the window that aren't left out."""
        return tuple(day for day in self.window if day not in self.left_out)

    def to_json(self) -> str:
        """Returns the JSON text."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Days:
        """Reads what `to_json` wrote."""
        values: dict[str, Any] = parse_object(text)
        return cls(**{**values, "window": tuple(values["window"])})


def days_of(
    source: Source,
    location: str,
    settings: Ingest,
    data_date: str | None,
    stopped: Mapping[str, str] = MappingProxyType({}),
) -> Days:
    """Looks up which days the run of `data_date` reads.

    Args:
        source: the kind of logs.
        location: where they are.
        settings: `train_days` and `exclude_dates` matter.
        data_date: the test day of a source with dates.
        stopped: earlier days to leave out besides those of `exclude_dates`, each with why.

    Raises:
        ConfigError: a source with dates lacks its test day.
    """
    if not source.dated:
        return Days((), {}, source.fingerprint(location, settings))
    if not data_date:
        raise ConfigError(
            f"source {settings.source!r} is split by day and needs the test day: "
            "pass --data-date YYYY-MM-DD"
        )
    found = Days(
        window(data_date, settings.train_days), left_out_of(data_date, settings, stopped), ""
    )
    fingerprint = source.fingerprint(location, settings, found.read)
    return dataclasses.replace(found, fingerprint=fingerprint)


def splits_of(
    source: Source, location: str, settings: Ingest, days: Days, scratch: Path
) -> Mapping[Split, tuple[str, ...]] | None:
    """Returns the days of each split; None where they are split by session.

    Raises:
        InputError: the logs lack a day, or too few aren't left out.
    """
    if not source.dated:
        return None
    present = source.days(location, settings, scratch)
    return split_days(present, days.window[-1], settings.train_days, days.left_out)


def refuse_changed(
    source: Source, location: str, settings: Ingest, days: tuple[str, ...], fingerprint: str
) -> None:
    """Raises InputError where what can be read for `days` isn't any more what it was."""
    if source.fingerprint(location, settings, days) != fingerprint:
        raise InputError(
            f"{location} changed while it was read; run again when nobody writes there"
        )
