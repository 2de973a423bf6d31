"""One chunk of a day as the three streams that a production system logs.

Shapes: N = impressions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from lt4rec_core.data.synthetic.scene import Scene
from lt4rec_core.data.synthetic.text import names
from lt4rec_core.data.synthetic.traffic import Traffic
from lt4rec_core.data.synthetic.truth import Outcomes
from lt4rec_core.data.synthetic.world import TABS, Ints

_SPLIT_PLAYS = 0.15
_REPLAYED = 0.3
_KEYS = ("impression_id", "user_id", "item_id", "request_id")


@dataclass(frozen=True)
class Streams:
    """What is logged, and the truth about each impression."""

    impressions: pl.DataFrame
    clicks: pl.DataFrame
    plays: pl.DataFrame
    truth: pl.DataFrame


def log_streams(
    chance: np.random.Generator, scene: Scene, chunk: int, traffic: Traffic, outcomes: Outcomes
) -> Streams:
    """Writes down the impressions of a chunk and what followed."""
    impressions = _impressions(scene, chunk, traffic)
    clicks, ratio = _clicks(chance, impressions, outcomes)
    return Streams(
        impressions=impressions,
        clicks=clicks,
        plays=_plays(chance, clicks, _watched(chance, impressions, outcomes, ratio)),
        truth=impressions.select("impression_id").with_columns(
            pl.Series("ctr", outcomes.truth.ctr), pl.Series("watch_ratio", outcomes.truth.cvr)
        ),
    )


def _impressions(scene: Scene, chunk: int, traffic: Traffic) -> pl.DataFrame:
    users, items, day = scene.users, scene.items, scene.day
    place = f"{day}-{chunk}-"
    who = users.frame[traffic.user]
    what = items.frame[traffic.item]
    where = pl.DataFrame(
        {
            "impression_id": names(f"m{place}", np.arange(len(traffic.user))),
            "request_id": names(f"r{place}", traffic.request),
            "timestamp": scene.midnight + traffic.time,
            "tab": pl.Series(TABS).gather(pl.Series(traffic.tab)),
            "position": traffic.position,
            "hour": traffic.time // 3_600_000,
            "tenure_days": day - users.joined[traffic.user],
            "upload_age_days": day - items.uploaded[traffic.item],
        }
    )
    columns = [*_KEYS, "timestamp", "duration_ms", "tab", "position", "hour"]
    columns += [*who.columns[1:], "tenure_days"]
    columns += [name for name in what.columns[1:] if name != "duration_ms"]
    return pl.concat([where, who, what], how="horizontal").select(*columns, "upload_age_days")


def _clicks(
    chance: np.random.Generator, impressions: pl.DataFrame, outcomes: Outcomes
) -> tuple[pl.DataFrame, Ints]:
    """The clicks, and on which rows of the impressions they are."""
    row = np.flatnonzero(outcomes.clicked)
    clicks = impressions[row].select(*_KEYS, "timestamp")
    seconds = np.minimum(np.exp(0.9 + 0.6 * chance.standard_normal(len(row))), 30.0)
    wait = pl.Series(np.rint(1000 * seconds).astype(np.int64))
    return clicks.with_columns(pl.col("timestamp") + wait), row


def _watched(
    chance: np.random.Generator, impressions: pl.DataFrame, outcomes: Outcomes, row: Ints
) -> Ints:
    """Milliseconds watched; a video watched to its end may start over before it is left."""
    duration = impressions["duration_ms"].to_numpy()[row]
    ratio = outcomes.watch_ratio[row]
    over = np.where(chance.random(len(row)) < _REPLAYED, chance.random(len(row)), 0.0)
    watched = duration * np.where(ratio == 1.0, 1.0 + over, ratio)
    return np.asarray(np.rint(watched), dtype=np.int64)


def _plays(chance: np.random.Generator, clicks: pl.DataFrame, watched: Ints) -> pl.DataFrame:
    """One play for a click, or two, where the viewer left and came back."""
    back = chance.random(len(watched)) < _SPLIT_PLAYS
    first = np.where(back, np.rint(watched * chance.random(len(watched))), watched).astype(np.int64)
    begin = chance.integers(200, 2000, len(watched))
    away = first + chance.integers(5_000, 600_000, len(watched))
    plays = clicks.with_columns(
        pl.col("timestamp") + pl.Series(begin), pl.Series("play_time_ms", first)
    )
    later = plays.with_columns(
        pl.col("timestamp") + pl.Series(away), pl.Series("play_time_ms", watched - first)
    ).filter(pl.Series(back))
    return pl.concat([plays, later]).sort("timestamp", maintain_order=True)
