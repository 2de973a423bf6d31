from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from lt4rec_core.errors import ConfigError

Read = Callable[..., pl.DataFrame]


def test_no_item_twice_in_a_request(read: Read) -> None:
    rows = read("impressions", noise=0.0, items=10, days=1)
    assert rows.select(pl.struct("request_id", "item_id").is_unique().all()).item()


def test_positions_count_from_zero_in_each_request(read: Read) -> None:
    requests = read("impressions", noise=0.0, days=1).group_by("request_id")
    shown = requests.agg(pl.col("position").sort())["position"]
    assert {tuple(positions) for positions in shown} == {(0, 1, 2, 3, 4, 5)}


def test_a_request_has_one_user_and_one_tab(read: Read) -> None:
    requests = read("impressions", noise=0.0, days=1).group_by("request_id")
    seen = requests.agg(pl.col("user_id", "tab").n_unique())
    assert seen["user_id"].unique().to_list() == [1]
    assert seen["tab"].unique().to_list() == [1]


def test_a_few_items_take_most_impressions(read: Read) -> None:
    items = read("impressions", days=1, items=500, rows_per_day=5000)["item_id"]
    counts = items.value_counts(sort=True)["count"]
    assert counts.head(50).sum() > 0.35 * counts.sum()
    assert counts.head(250).sum() < counts.sum()


def test_visits_peak_in_the_evening(read: Read) -> None:
    hours = read("impressions", days=1, rows_per_day=5000)["hour"]
    assert hours.is_between(18, 22).mean() > 2 * hours.is_between(1, 5).mean()


def test_new_items_are_shown_from_their_day_on(read: Read) -> None:
    rows = read("impressions", new_items_per_day=20, items=50, days=3, start_date="2026-03-01")
    number = pl.col("item_id").str.strip_prefix("i").cast(pl.Int64)
    day = (pl.col("timestamp") // 86_400_000).rank("dense").cast(pl.Int64) - 1
    uploaded = pl.when(number < 50).then(-1).otherwise((number - 50) // 20)
    rows = rows.with_columns(day=day, uploaded=uploaded)
    assert (rows["uploaded"] <= rows["day"]).all()
    assert rows.filter(pl.col("uploaded") == pl.col("day"))["day"].n_unique() == 3
    fresh = rows.filter(pl.col("uploaded") >= 0)
    assert (fresh["upload_age_days"] == fresh["day"] - fresh["uploaded"]).all()


def test_new_users_come_from_their_day_on(read: Read) -> None:
    rows = read("impressions", new_users_per_day=40, users=60)
    new = rows.filter(pl.col("tenure_days") == 0)
    numbers = new["user_id"].str.strip_prefix("u").cast(pl.Int64)
    assert numbers.min() >= 60
    assert numbers.max() < 140


def test_who_came_longer_ago_than_the_stay_comes_no_more(read: Read) -> None:
    rows = read(
        "impressions", noise=0.0, stay_days=2, users=60, new_users_per_day=40, items=50,
        new_items_per_day=20, days=4,
    )  # fmt: skip
    day = (pl.col("timestamp") // 86_400_000).rank("dense").cast(pl.Int64) - 1
    rows = rows.with_columns(day=day)
    for column, mark, first, daily in (("user_id", "u", 60, 40), ("item_id", "i", 50, 20)):
        number = pl.col(column).str.strip_prefix(mark).cast(pl.Int64)
        came = pl.when(number < first).then(0).otherwise((number - first) // daily)
        stayed = rows.select(stayed=pl.col("day") - came)["stayed"]
        assert stayed.max() == 1, column
        assert stayed.min() == 0, column


def test_nobody_left_is_refused(read: Read) -> None:
    with pytest.raises(ConfigError, match=r"stay_days = 1 leaves 0 users or items on day 2"):
        read("impressions", stay_days=1, new_users_per_day=0, new_items_per_day=0, days=2)
