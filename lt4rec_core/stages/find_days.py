"""Stage find_days: the days of a run are there, before any of them is read."""

from __future__ import annotations

from pathlib import Path

from lt4rec_core.config import Config
from lt4rec_core.data.atomic import folder_aside
from lt4rec_core.data.days import Days, splits_of
from lt4rec_core.data.declaration import declare
from lt4rec_core.data.sources.registry import find
from lt4rec_core.tracking import Tracker


def find_days(config: Config, location: str, days: Days, target: Path, tracker: Tracker) -> None:
    """Writes `days` to `days.json` in the folder `target`, if the logs have all to be read.

    Raises:
        ConfigError: the configuration asks what the source can't give.
        InputError: the logs lack a day, or too few aren't left out.
    """
    source = find(config.ingest.source)
    declare(config, source)
    with folder_aside(target) as folder:
        splits_of(source, location, config.ingest, days, folder)
        (folder / "days.json").write_text(days.to_json() + "\n", encoding="utf-8")
    tracker.progress(f"{len(days.read)} days, {days.read[0]} to {days.read[-1]}")
