"""The flaws of real logs, so that ingestion has something to drop and to count."""

from __future__ import annotations

import numpy as np
import polars as pl

from lt4rec_core.data.synthetic.streams import Streams
from lt4rec_core.data.synthetic.traffic import DAY_MS
from lt4rec_core.data.synthetic.world import Ints

_HOUR_MS = 3_600_000
_LATE_CLICK_HOURS = (3, 5)
_LATE_PLAY_HOURS = (8, 10)


def flawed(chance: np.random.Generator, streams: Streams, share: float, midnight: int) -> Streams:
    """Returns the streams with `share` of the impressions (clicks, plays) flawed in each way.

    Impressions: sent twice, without a duration. Clicks and plays: sent twice, of an
    impression that isn't in the log, and hours too late; a late click is a second
    thought about something not clicked, so the labels of other rows stay true.
    """
    impressions, clicks, plays = streams.impressions, streams.clicks, streams.plays
    unclicked = impressions.join(clicks, on="impression_id", how="anti", maintain_order="left")
    early = unclicked.filter(pl.col("timestamp") < midnight + DAY_MS // 2)
    morning = plays.filter(pl.col("timestamp") < midnight + DAY_MS // 2)
    impressions = _without_duration(impressions, _some(chance, impressions, share))
    return Streams(
        impressions=_sorted(impressions, impressions[_some(chance, impressions, share)]),
        clicks=_sorted(
            clicks,
            clicks[_some(chance, clicks, share)],
            _unknown(clicks[_some(chance, clicks, share)]),
            _later(chance, early[_some(chance, early, share)], _LATE_CLICK_HOURS).select(
                clicks.columns
            ),
        ),
        plays=_sorted(
            plays,
            plays[_some(chance, plays, share)],
            _unknown(plays[_some(chance, plays, share)]),
            _later(chance, morning[_some(chance, morning, share)], _LATE_PLAY_HOURS),
        ),
        truth=streams.truth,
    )


def _some(chance: np.random.Generator, frame: pl.DataFrame, share: float) -> Ints:
    return np.flatnonzero(chance.random(frame.height) < share)


def _without_duration(impressions: pl.DataFrame, rows: Ints) -> pl.DataFrame:
    duration = impressions["duration_ms"].to_numpy().copy()
    duration[rows] = 0
    return impressions.with_columns(pl.Series("duration_ms", duration))


def _unknown(events: pl.DataFrame) -> pl.DataFrame:
    keys = ("impression_id", "request_id")
    return events.with_columns(pl.concat_str(pl.lit("lost-"), key).alias(key) for key in keys)


def _later(
    chance: np.random.Generator, events: pl.DataFrame, hours: tuple[int, int]
) -> pl.DataFrame:
    low, high = (hour * _HOUR_MS for hour in hours)
    return events.with_columns(
        pl.col("timestamp") + pl.Series(chance.integers(low, high, events.height))
    )


def _sorted(*frames: pl.DataFrame) -> pl.DataFrame:
    return pl.concat(frames).sort("timestamp", maintain_order=True)
