"""A poisoned day is stopped before anything is trained on it, or its model is refused.

Each poison spoils the newest day of a small made-up world, or all days where it says so.
What stopped it is written to docs/faults.md: `make golden` writes the table anew.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest

from lt4rec_core.config import Config, GateRule, Register, from_mapping
from lt4rec_core.data.synthetic import generate
from lt4rec_core.errors import InputError
from lt4rec_core.gate import Champion, decide
from lt4rec_core.stages.ingest import ingest
from lt4rec_core.tracking import SilentTracker
from lt4rec_core.validation.count import measure
from lt4rec_core.validation.registry import EXPECTATIONS
from lt4rec_core.validation.subject import subject_of

DAY, YESTERDAY = "2026-01-04", "2026-01-03"
DAYS = [f"2026-01-0{number}" for number in range(1, 5)]
DAY_MS, HOUR_MS = 86_400_000, 3_600_000
KEY = "impression_id"


@dataclass
class Logs:
    """The three streams of some days, by stream and day, to be spoiled."""

    frames: dict[tuple[str, str], pl.DataFrame] = field(default_factory=dict)

    def change(self, stream: str, *columns: pl.Expr, day: str = DAY) -> None:
        """Replaces columns of a stream's day."""
        self.frames[stream, day] = self.frames[stream, day].with_columns(*columns)

    def change_all(self, *columns: pl.Expr) -> None:
        """Replaces columns of the newest day's three streams."""
        for stream in ("impressions", "clicks", "plays"):
            self.change(stream, *columns)

    def keep(self, condition: pl.Expr) -> None:
        """Keeps those rows of the newest day's three streams."""
        for stream in ("impressions", "clicks", "plays"):
            frame = self.frames[stream, DAY]
            self.frames[stream, DAY] = frame.filter(condition)

    def add(self, stream: str, frame: pl.DataFrame) -> None:
        """Adds rows to the newest day of a stream."""
        self.frames[stream, DAY] = pl.concat(
            [self.frames[stream, DAY], frame.select(self.frames[stream, DAY].columns)]
        )


def later(milliseconds: int) -> pl.Expr:
    return pl.col("timestamp") + milliseconds


def renamed(prefix: str) -> pl.Expr:
    """Impressions under ids of their own."""
    return pl.concat_str(pl.lit(prefix), pl.col(KEY)).alias(KEY)


def labels_flipped(logs: Logs) -> None:
    """Who clicked didn't, who didn't did"""
    shown, clicks = logs.frames["impressions", DAY], logs.frames["clicks", DAY]
    others = shown.join(clicks, on=KEY, how="anti").with_columns(later(1000))
    logs.frames["clicks", DAY] = others.select(clicks.columns)


def click_rate_tripled(logs: Logs) -> None:
    """Three clicks where there was one, on impressions chosen by their ids"""
    shown, clicks = logs.frames["impressions", DAY], logs.frames["clicks", DAY]
    others = shown.join(clicks, on=KEY, how="anti").sort(pl.col(KEY).hash(seed=1))
    logs.add("clicks", others.head(2 * clicks.height).with_columns(later(1000)))


def clicks_lost(logs: Logs) -> None:
    """Two of three click records didn't arrive"""
    frame = logs.frames["clicks", DAY]
    logs.frames["clicks", DAY] = frame.filter(pl.col(KEY).hash(seed=1) % 3 == 0)


def plays_lost(logs: Logs) -> None:
    """Two of three play records didn't arrive: nobody seems to watch"""
    frame = logs.frames["plays", DAY]
    logs.frames["plays", DAY] = frame.filter(pl.col(KEY).hash(seed=1) % 3 == 0)


def clicks_before_impressions(logs: Logs) -> None:
    """The clicks' clock is two hours slow"""
    logs.change("clicks", later(-2 * HOUR_MS))


def watched_in_percent(logs: Logs) -> None:
    """Play times a hundred times too long: a ratio turned into percent"""
    logs.change("plays", pl.col("play_time_ms") * 100)


def duration_in_seconds(logs: Logs) -> None:
    """Durations in seconds, where milliseconds are expected"""
    logs.change("impressions", pl.col("duration_ms") // 1000)


def one_item_half_the_traffic(logs: Logs) -> None:
    """One item on every second row"""
    half = pl.col(KEY).hash(seed=2) % 2 == 0
    item = pl.when(half).then(pl.lit("v0000001")).otherwise("item_id").alias("item_id")
    logs.change_all(item)


def users_hashed_otherwise(logs: Logs) -> None:
    """User ids under another hash"""
    logs.change_all(pl.col("user_id").hash(seed=9).cast(pl.String))


def items_hashed_otherwise(logs: Logs) -> None:
    """Item ids under another hash"""
    logs.change_all(pl.col("item_id").hash(seed=9).cast(pl.String))


def swapped_columns(logs: Logs) -> None:
    """User ids in the items' column, item ids in the users'"""
    logs.change_all(pl.col("user_id").alias("item_id"), pl.col("item_id").alias("user_id"))


def constant_field(logs: Logs) -> None:
    """Every row on the same tab"""
    logs.change("impressions", pl.col("tab").first())


def null_field(logs: Logs) -> None:
    """The category is missing everywhere"""
    logs.change("impressions", pl.lit(None, dtype=pl.String).alias("category"))


def other_separator(logs: Logs) -> None:
    """Lists of tags joined into one text, by a mark that nobody cuts at"""
    logs.change("impressions", pl.col("tags").list.join("|").reshape((-1, 1)).arr.to_list())


def shifted_field(logs: Logs) -> None:
    """Durations tripled: another field's values, or another unit"""
    logs.change("impressions", pl.col("duration_ms") * 3)
    logs.change("plays", pl.col("play_time_ms") * 3)


def column_missing(logs: Logs) -> None:
    """The category's column is gone"""
    logs.frames["impressions", DAY] = logs.frames["impressions", DAY].drop("category")


def time_zone_shifted(logs: Logs) -> None:
    """Local times of a zone eight hours ahead, written as if they were UTC"""
    logs.change_all(later(8 * HOUR_MS))


def times_in_seconds(logs: Logs) -> None:
    """Times in seconds, where milliseconds are expected"""
    logs.change_all(pl.col("timestamp") // 1000)


def a_year_ahead(logs: Logs) -> None:
    """A clock a year ahead"""
    logs.change_all(later(365 * DAY_MS))


def yesterday_filed_again(logs: Logs) -> None:
    """Yesterday's files under today's date"""
    for stream in ("impressions", "clicks", "plays"):
        logs.frames[stream, DAY] = logs.frames[stream, YESTERDAY]


def yesterday_in_new_clothes(logs: Logs) -> None:
    """Yesterday's rows with today's times and new ids"""
    for stream in ("impressions", "clicks", "plays"):
        old = logs.frames[stream, YESTERDAY]
        logs.frames[stream, DAY] = old.with_columns(later(DAY_MS), renamed("again-"))


def half_the_users(logs: Logs) -> None:
    """The logs of every second user are missing"""
    logs.keep(pl.col("user_id").hash(seed=3) % 2 == 0)


def morning_only(logs: Logs) -> None:
    """The files after 15:00 didn't arrive"""
    logs.keep(pl.col("timestamp") % DAY_MS < 15 * HOUR_MS)


def bots(logs: Logs) -> None:
    """Three new users who see a sixth of all that is shown each, and click on none"""
    shown = logs.frames["impressions", DAY]
    for number in range(3):
        rows = shown.filter(pl.col(KEY).hash(seed=4) % 6 == number).with_columns(
            pl.lit(f"bot-{number}").alias("user_id"), renamed("bot-")
        )
        logs.add("impressions", rows)


def empty_day(logs: Logs) -> None:
    """The day's files are there and hold no rows"""
    logs.keep(pl.lit(False))


def ten_times_the_rows(logs: Logs) -> None:
    """Ten times the rows, with ids of their own"""
    for stream in ("impressions", "clicks", "plays"):
        frame = logs.frames[stream, DAY]
        copies = [frame.with_columns(renamed(f"{number}-"), later(number)) for number in range(10)]
        logs.frames[stream, DAY] = pl.concat(copies)


def no_durations(logs: Logs) -> None:
    """Every duration is zero"""
    logs.change("impressions", pl.lit(0, dtype=pl.Int64).alias("duration_ms"))


def keys_missing(logs: Logs) -> None:
    """One user id in five is empty"""
    user = pl.when(pl.col(KEY).hash(seed=5) % 5 == 0).then(None).otherwise("user_id")
    logs.change("impressions", user.alias("user_id"))


def leaking_column(logs: Logs) -> None:
    """On all days, the tab says whether the impression was clicked"""
    for day in DAYS:
        clicked = logs.frames["clicks", day][KEY].implode()
        tab = pl.when(pl.col(KEY).is_in(clicked)).then(pl.lit("a")).otherwise(pl.lit("b"))
        logs.change("impressions", tab.alias("tab"), day=day)


# What each must be stopped by, at the least; the table tells all that stopped it.
POISONS: dict[str, tuple[Callable[[Logs], None], str]] = {
    "labels flipped": (labels_flipped, "click_rate_change"),
    "click rate tripled": (click_rate_tripled, "click_rate_change"),
    "clicks lost": (clicks_lost, "click_rate_change"),
    "plays lost": (plays_lost, "label_mean_change"),
    "clicks before impressions": (clicks_before_impressions, "ingest"),
    "watch ratio in percent": (watched_in_percent, "label_mean_change"),
    "duration in seconds": (duration_in_seconds, "label_mean_change"),
    "one item on half the rows": (one_item_half_the_traffic, "top_share"),
    "user ids hashed otherwise": (users_hashed_otherwise, "known_change"),
    "item ids hashed otherwise": (items_hashed_otherwise, "known_change"),
    "swapped columns": (swapped_columns, "known_change"),
    "a field constant": (constant_field, "shift"),
    "a field null": (null_field, "null_share"),
    "a list's separator changed": (other_separator, "known_change"),
    "a field shifted": (shifted_field, "shift"),
    "a column missing": (column_missing, "ingest"),
    "time zone shifted": (time_zone_shifted, "silent_hours"),
    "times in seconds": (times_in_seconds, "ingest"),
    "a clock a year ahead": (a_year_ahead, "ingest"),
    "duplicate day": (yesterday_filed_again, "ingest"),
    "yesterday's copy": (yesterday_in_new_clothes, "copied_rows"),
    "half the users missing": (half_the_users, "user_count"),
    "half the day missing": (morning_only, "silent_hours"),
    "bots": (bots, "top_share"),
    "empty day": (empty_day, "ingest"),
    "ten times the rows": (ten_times_the_rows, "row_volume"),
    "no durations": (no_durations, "ingest"),
    "user ids missing": (keys_missing, "ingest"),
    "a column tells the label": (leaking_column, "leakage"),
}


@pytest.fixture(scope="module")
def config() -> Config:
    """A world of four days, large enough for shares to be told from chance."""
    return from_mapping(
        {
            "threads": 1,
            "synthetic": {
                "days": 4,
                "rows_per_day": 2500,
                "users": 300,
                "items": 200,
                "compression": "none",
            },
            "ingest": {"train_days": 2, "events": {"allow_extra_columns": True}},
            "fields": [
                {"name": "user_id"},
                {"name": "item_id"},
                {"name": "category"},
                {"name": "tags", "values": "multi"},
                {"name": "duration", "column": "duration_ms", "kind": "numeric", "buckets": 8},
                {"name": "tab"},
            ],
        }
    )


@pytest.fixture(scope="module")
def world(config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The logs that each poison spoils a copy of."""
    return generate(config.synthetic, tmp_path_factory.mktemp("world") / "logs", SilentTracker())


@pytest.fixture(scope="module")
def stopped(config: Config, world: Path, tmp_path_factory: pytest.TempPathFactory):
    """Says what stops the day after a poison: "ingest", or names of expectations; remembers it."""
    known: dict[str, tuple[str, ...]] = {}

    def stopped(name: str, poison: Callable[[Logs], None] | None) -> tuple[str, ...]:
        if name not in known:
            root = tmp_path_factory.mktemp("poisoned")
            known[name] = _stopped_by(config, _spoil(world, root / "logs", poison), root)
            shutil.rmtree(root)
        return known[name]

    return stopped


def _spoil(world: Path, target: Path, poison: Callable[[Logs], None] | None) -> Path:
    shutil.copytree(world, target)
    files = {
        (stream, day): target / stream / f"date={day}" / "part-0000.parquet"
        for stream in ("impressions", "clicks", "plays")
        for day in DAYS
    }
    logs = Logs({place: pl.read_parquet(file) for place, file in files.items()})
    before = dict(logs.frames)
    if poison is not None:
        poison(logs)
    for place, frame in logs.frames.items():
        if frame is not before[place]:
            frame.write_parquet(files[place])
    return target


def _stopped_by(config: Config, logs: Path, scratch: Path) -> tuple[str, ...]:
    try:
        dataset = ingest(config, str(logs), DAY, scratch / "dataset", SilentTracker())
    except InputError:
        return ("ingest",)
    measures = measure(subject_of(config, dataset), EXPECTATIONS, SilentTracker())
    return tuple(
        name
        for name, taken in measures.items()
        if EXPECTATIONS[name].severity == "error"
        and any(m.seen is not None and not m.low <= m.seen <= m.high for m in taken)
    )


def test_a_sound_day_is_not_stopped(stopped):
    assert stopped("", None) == ()


@pytest.mark.parametrize("name", POISONS)
def test_a_poisoned_day_is_stopped(name, stopped):
    poison, expected = POISONS[name]
    assert expected in stopped(name, poison)


# -- What no look at the data can tell: the model's own figures, given to the gate. ------


def evaluation(ctr: float, cvr: float, slice_ctr: float | None = None) -> dict:
    slices = {} if slice_ctr is None else {"tab=0": {"model": {"auc": slice_ctr}}}
    trivial = {"ctr": {"mean": {"auc": 0.5}}, "cvr": {"mean": {"mse": 0.1}}}
    return {
        "tasks": {
            "ctr": {
                "metric": "auc",
                "model": {"auc": ctr},
                "trivial": trivial["ctr"],
                "slices": slices,
            },
            "cvr": {
                "metric": "mse",
                "model": {"mse": cvr},
                "trivial": trivial["cvr"],
                "slices": {},
            },
        }
    }


CHAMPION = Champion("champion (version 1)", evaluation(0.72, 0.09, 0.7)["tasks"])
RULES = Register(
    rules=(
        GateRule(task="ctr", metric="auc", floor=0.6, max_loss=0.005),
        GateRule(task="cvr", metric="mse", max_loss=0.002),
        GateRule(task="ctr", metric="auc", slice="tab=0", max_loss=0.02),
    )
)
REFUSED: dict[str, tuple[dict, Champion | None]] = {
    "a model that ranks worse": (evaluation(0.70, 0.09, 0.69), CHAMPION),
    "a model of a worse watch ratio": (evaluation(0.72, 0.095, 0.7), CHAMPION),
    "a model that fails one slice": (evaluation(0.72, 0.09, 0.55), CHAMPION),
    "a first model below the floor": (evaluation(0.55, 0.09), None),
    "a first model no better than the mean": (evaluation(0.7, 0.11), None),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_spoiled_model_is_refused_by_the_gate(name):
    figures, champion = REFUSED[name]
    assert not decide(RULES, figures, champion).accepted


def test_a_sound_model_is_accepted_by_the_gate():
    assert decide(RULES, evaluation(0.721, 0.089, 0.7), CHAMPION).accepted


# -- The table ---------------------------------------------------------------------------


def test_the_table_in_the_docs_is_up_to_date(stopped, table_in_docs):
    table = "".join(f"{line}\n" for line in _table(stopped))
    assert table_in_docs("poisons", table) == table


def _table(stopped) -> list[str]:
    lines = ["| poison | what it does to the newest day | stopped by |", "|---|---|---|"]
    for name, (poison, _) in POISONS.items():
        said = ", ".join(
            "reading (`ingest`)" if found == "ingest" else f"`{found}`"
            for found in stopped(name, poison)
        )
        lines.append(f"| {name} | {poison.__doc__} | {said} |")
    for name, (figures, champion) in REFUSED.items():
        reason = decide(RULES, figures, champion).reasons[0]
        lines.append(f"| {name} | (figures given to the gate, nothing trained) | gate: {reason} |")
    return lines
