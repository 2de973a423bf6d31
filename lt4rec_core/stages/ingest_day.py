"""Stage ingest_day: one day of the logs, for ingest to gather; see `ingest`'s `read`."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from lt4rec_core.config import Config
from lt4rec_core.data.atomic import folder_aside
from lt4rec_core.data.days import refuse_changed
from lt4rec_core.data.declaration import declare
from lt4rec_core.data.memory import read_ahead_little
from lt4rec_core.data.raw import read_days
from lt4rec_core.data.raw_day import RawDay, write_record
from lt4rec_core.data.sources.registry import find
from lt4rec_core.tracking import Tracker


def ingest_day(config: Config, location: str, day: str, target: Path, tracker: Tracker) -> RawDay:
    """Reads, joins and labels the impressions of `day` into the folder `target`.

    They are the same whichever other days are read.

    Args:
        config: `ingest`, `fields`, `tasks` and `evaluate.slices` matter.
        location: folder or `s3://` prefix of the logs.
        day: like "2022-05-03".
        target: folder of the day's rows and their record.
        tracker: hears about it.

    Raises:
        ConfigError: the configuration asks what the source can't give.
        InputError: the day is missing, empty or can't be read.
        StoreError: the disk is full.
    """
    read_ahead_little()
    source, settings = find(config.ingest.source), config.ingest
    columns = declare(config, source)
    fingerprint = source.fingerprint(location, settings, (day,))
    with folder_aside(target) as folder:
        read = read_days(source, location, settings, columns, (day,), folder, tracker)
        refuse_changed(source, location, settings, (day,), fingerprint)
        write_record(read[day])
    return dataclasses.replace(read[day], path=target / read[day].path.name)
