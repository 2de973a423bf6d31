from __future__ import annotations

from collections.abc import Callable

import polars as pl

Read = Callable[..., pl.DataFrame]
KEYS = ["impression_id", "user_id", "item_id", "request_id"]


def test_columns_are_those_of_the_events_layout(read: Read) -> None:
    assert read("impressions").columns[:6] == [*KEYS, "timestamp", "duration_ms"]
    assert read("clicks").columns == [*KEYS, "timestamp"]
    assert read("plays").columns == [*KEYS, "timestamp", "play_time_ms"]


def test_without_noise_every_event_follows_from_the_one_before(read: Read) -> None:
    shown, clicks, plays = (read(name, noise=0.0) for name in ("impressions", "clicks", "plays"))
    assert shown["duration_ms"].min() > 0
    after = clicks.join(shown, on=KEYS, suffix="_shown")
    assert after.height == clicks.height == clicks["impression_id"].n_unique()
    assert (after["timestamp"] > after["timestamp_shown"]).all()
    played = plays.join(clicks, on=KEYS, suffix="_clicked")
    assert played.height == plays.height
    assert (played["timestamp"] > played["timestamp_clicked"]).all()


def test_some_clicks_are_played_more_than_once_and_all_at_least_once(read: Read) -> None:
    clicks, plays = read("clicks", noise=0.0), read("plays", noise=0.0)
    counts = plays["impression_id"].value_counts()["count"]
    assert len(counts) == clicks.height
    assert counts.max() == 2
    assert 0.05 < (counts == 2).mean() < 0.3


def test_attributes_belong_to_users_and_items(read: Read) -> None:
    shown = read("impressions", noise=0.0)
    of_user = shown.group_by("user_id").agg(pl.col("age", "gender", "city").n_unique())
    of_item = shown.group_by("item_id").agg(pl.col("author_id", "category", "tags").n_unique())
    assert of_user.drop("user_id").max().row(0) == (1, 1, 1)
    assert of_item.drop("item_id").max().row(0) == (1, 1, 1)


def test_interests_and_tags_name_the_same_things(read: Read) -> None:
    shown = read("impressions")
    interests, tags = (set(shown[name].explode().drop_nulls()) for name in ("interests", "tags"))
    assert len(interests & tags) > 20
    assert shown["tags"].list.len().max() == 4
    assert (shown["tags"].list.len() == shown["tags"].list.n_unique()).all()


def test_some_attributes_are_missing(read: Read) -> None:
    shown = read("impressions", users=400, rows_per_day=3000)
    assert 0 < shown["gender"].null_count() < 0.2 * shown.height
    assert shown["age"].null_count() == 0
