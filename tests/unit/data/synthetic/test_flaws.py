from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

Read = Callable[..., pl.DataFrame]
NOISY = {"noise": 0.05, "days": 1, "rows_per_day": 3000}
HOUR_MS = 3_600_000


@pytest.mark.parametrize("stream", ["impressions", "clicks", "plays"])
def test_some_rows_are_sent_twice(read: Read, stream: str) -> None:
    rows = read(stream, **NOISY)
    assert 0.02 < 1 - rows.unique().height / rows.height < 0.09


def test_some_impressions_lack_a_duration(read: Read) -> None:
    assert 0.02 < (read("impressions", **NOISY)["duration_ms"] == 0).mean() < 0.09


@pytest.mark.parametrize("stream", ["clicks", "plays"])
def test_some_events_are_orphans(read: Read, stream: str) -> None:
    events, shown = read(stream, **NOISY), read("impressions", **NOISY)
    orphans = events.join(shown, on="impression_id", how="anti")
    assert 0.02 < orphans.height / events.height < 0.09


def test_late_clicks_are_hours_late(read: Read) -> None:
    shown = read("impressions", **NOISY).unique("impression_id")
    clicks = read("clicks", **NOISY).join(shown, on="impression_id", suffix="_shown")
    waits = clicks["timestamp"] - clicks["timestamp_shown"]
    assert (waits < HOUR_MS / 2).sum() + (waits >= 3 * HOUR_MS).sum() == clicks.height
    assert (waits >= 3 * HOUR_MS).any()


def test_late_plays_are_hours_late(read: Read) -> None:
    shown = read("impressions", **NOISY).unique("impression_id")
    plays = read("plays", **NOISY).join(shown, on="impression_id", suffix="_shown")
    waits = plays["timestamp"] - plays["timestamp_shown"]
    assert (waits < HOUR_MS).sum() + (waits >= 8 * HOUR_MS).sum() == plays.height
    assert (waits >= 8 * HOUR_MS).any()


def test_truth_covers_each_impression_once(read: Read) -> None:
    shown, truth = read("impressions", **NOISY), read("truth", **NOISY)
    assert truth["impression_id"].is_unique().all()
    assert set(truth["impression_id"]) == set(shown["impression_id"])


def test_without_noise_nothing_is_flawed(read: Read) -> None:
    shown, plays = read("impressions", noise=0.0), read("plays", noise=0.0)
    assert shown["impression_id"].is_unique().all()
    assert plays.is_unique().all()
