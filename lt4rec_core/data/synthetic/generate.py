"""Generates raw logs of a made-up world, streamed to disk day by day and chunk by chunk."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from lt4rec_core.config import Synthetic, to_mapping
from lt4rec_core.data.atomic import folder_aside
from lt4rec_core.data.synthetic.chance import stream
from lt4rec_core.data.synthetic.flaws import flawed
from lt4rec_core.data.synthetic.scene import Scene, scenes
from lt4rec_core.data.synthetic.streams import Streams, log_streams
from lt4rec_core.data.synthetic.traffic import draw_traffic
from lt4rec_core.data.synthetic.truth import draw_outcomes, find_truth
from lt4rec_core.data.synthetic.writers import Writers
from lt4rec_core.errors import InputError
from lt4rec_core.tracking import Tracker

DESCRIPTION = "synthetic.json"
_FORMAT = 1
_STREAMS = ("impressions", "clicks", "plays")


def generate(settings: Synthetic, target: Path, tracker: Tracker) -> Path:
    """Writes the logs of `settings.days` days under `target` and returns `target`.

    `impressions/`, `clicks/` and `plays/` hold the three streams in the events layout
    (`date=YYYY-MM-DD/[hour=HH/]part-0000.…`), `truth/` the click probability and
    expected watch ratio of each impression, `synthetic.json` the settings and the row
    counts. The same settings give the same bytes, and the days of a shorter run are
    the first days of a longer one. Logs already there with equal settings are kept.

    Raises:
        InputError: `target` holds something else.
        StoreError: the disk is full or can't be written; nothing is left behind.
    """
    plain = {"format": _FORMAT, "settings": to_mapping(settings)}
    if _is_there(target, plain):
        tracker.progress(f"synthetic logs at {target} are already there")
        return target
    with folder_aside(target) as folder:
        rows = dict.fromkeys(_STREAMS, 0)
        for scene in scenes(settings):
            counts = _write_day(settings, folder, scene)
            rows = {name: rows[name] + counts[name] for name in _STREAMS}
            tracker.progress(
                f"{scene.date}: " + ", ".join(f"{counts[name]} {name}" for name in _STREAMS)
            )
        text = json.dumps({**plain, "rows": rows}, indent=2, sort_keys=True)
        (folder / DESCRIPTION).write_text(text + "\n", encoding="utf-8")
    return target


def chunks(settings: Synthetic, scene: Scene) -> Iterator[Streams]:
    """Yields the streams of a day, at most `settings.chunk_rows` impressions at a time."""
    for chunk, first in enumerate(range(0, settings.rows_per_day, settings.chunk_rows)):
        last = min(first + settings.chunk_rows, settings.rows_per_day)
        chance = stream(settings.seed, "rows", scene.day, chunk)
        between = (first / settings.rows_per_day, last / settings.rows_per_day)
        traffic = draw_traffic(chance, scene, last - first, between)
        outcomes = draw_outcomes(chance, find_truth(scene, traffic))
        streams = log_streams(chance, scene, chunk, traffic, outcomes)
        yield flawed(chance, streams, settings.noise, scene.midnight)


def _write_day(settings: Synthetic, folder: Path, scene: Scene) -> dict[str, int]:
    """Writes the scene's streams and returns their row counts."""
    day = f"date={scene.date}"
    counts = dict.fromkeys(_STREAMS, 0)
    with Writers() as writers:
        for streams in chunks(settings, scene):
            for name in _STREAMS:
                frame: pl.DataFrame = getattr(streams, name)
                counts[name] += frame.height
                for part, rows in _parts(frame, settings.partition):
                    writers.append(folder / name / day / part, settings, rows)
            truth = dataclasses.replace(settings, format="parquet")
            writers.append(folder / "truth" / day, truth, streams.truth)
    return counts


def _parts(frame: pl.DataFrame, partition: str) -> Iterator[tuple[str, pl.DataFrame]]:
    if partition == "date":
        yield "", frame
        return
    hour = frame["timestamp"] % 86_400_000 // 3_600_000
    for value in hour.unique().sort():
        yield f"hour={value:02}", frame.filter(hour == value)


def _is_there(target: Path, plain: dict[str, object]) -> bool:
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return False
    try:
        found = json.loads((target / DESCRIPTION).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = {}
    if {key: found.get(key) for key in plain} == plain:
        return True
    raise InputError(
        f"{target} already holds other files; expected a new or empty folder, or logs generated "
        "with the same settings: remove it or give another folder"
    )
