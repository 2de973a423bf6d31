"""Days of one workspace, through the compiled daily DAG, on a tiny synthetic world."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from components.reference import Reference
from components.store import open_store
from lt4rec_core.config import Config, Synthetic, from_mapping
from lt4rec_core.data.dataset import Dataset, open_dataset
from lt4rec_core.data.synthetic import generate
from lt4rec_core.errors import ConfigError, InputError, ValidationError
from lt4rec_core.tracking import SilentTracker
from pipelines.backfill import run_backfill
from pipelines.retrain import run_retraining

FIRST, SECOND, THIRD = "2026-01-04", "2026-01-05", "2026-01-06"
CONFIG = {
    "threads": 1,
    "fields": [{"name": "user_id"}, {"name": "item_id"}, {"name": "tags", "values": "multi"}],
    "ingest": {"train_days": 2, "events": {"allow_extra_columns": True}},
    "validate": {"volume_ratio": [0.1, 10.0], "max_psi": 5.0},
    "choose_search": {"max_psi": 0},
    "model": {"embedding_dim": 4, "hidden": [8]},
    "optimizer": {"batch_size": 256, "learning_rate": 0.01},
    "prune": {"rounds": 1, "final_density": 0.5},
    "evaluate": {"bootstrap_replicates": 5},
    "register": {"beat_trivial": False},
}

pytestmark = pytest.mark.xdist_group("daily-retraining")  # they share one workspace's days

Run = Callable[..., tuple[dict[str, Any], set[str]]]


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    world = Synthetic(days=6, rows_per_day=500, users=60, items=60, new_items_per_day=10)
    return generate(world, tmp_path_factory.mktemp("world") / "logs", SilentTracker())


@pytest.fixture(scope="module")
def workspace(new_workspace: Callable[..., Path]) -> Path:
    return new_workspace("it's a [work] space")


@pytest.fixture(scope="module")
def run(logs: Path, workspace: Path) -> Run:
    """Runs a day in the module's workspace; gives the summary, and the nodes that worked."""

    def do(
        day: str, forced: bool = False, source: Path = logs, **choose_search: Any
    ) -> tuple[dict[str, Any], set[str]]:
        lines: list[str] = []
        config = from_mapping(CONFIG)
        choosing = dataclasses.replace(config.choose_search, **choose_search)
        changed = dataclasses.replace(config, choose_search=choosing)
        summary = run_retraining(
            changed, str(source), day, workspace, forced=forced, show=lines.append
        )
        return summary, {line[1 : line.index("]")] for line in lines if "] started" in line}

    return do


@pytest.fixture(scope="module")
def first(run: Run) -> dict[str, Any]:
    return run(FIRST)[0]


@pytest.fixture(scope="module")
def second(first: dict[str, Any], run: Run) -> dict[str, Any]:
    return run(SECOND)[0]


def dataset_of(summary: dict[str, Any], config: Config, workspace: Path) -> Dataset:
    steps = open_store(config.tracking, workspace).children(summary["run_id"])
    reference = Reference.parse(steps["ingest"].data.tags["lt4rec.reference"])
    return open_dataset(workspace / "datasets" / reference.digest[:16])


def test_first_day_searches_for_want_of_a_champion(first: dict[str, Any]) -> None:
    assert first["search"]["search"] is True
    assert first["search"]["reason"] == "there is no champion to start from"
    assert first["started_from"] is None
    assert first["train_days"] == ["2026-01-01", "2026-01-02"]
    assert first["model"]["alias"] == "champion"


def test_next_day_trains_on_under_the_champions_masks(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert second["started_from"] == first["model"]["version"]
    assert second["search"]["search"] is False
    assert second["search"]["searched"] == FIRST
    for task in ("ctr", "cvr"):
        assert second["masks"][task]["digest"] == first["masks"][task]["digest"]
    assert second["metrics"] != first["metrics"]


def test_next_day_learns_from_what_the_champion_has_not_seen(second: dict[str, Any]) -> None:
    assert second["train_days"] == ["2026-01-03"]


def test_ids_in_use_keep_their_places_and_new_ones_come_after(
    first: dict[str, Any], second: dict[str, Any], workspace: Path
) -> None:
    config = from_mapping(CONFIG)
    old, new = (dataset_of(day, config, workspace) for day in (first, second))
    before, now = old.vocabulary("item_id"), new.vocabulary("item_id")
    assert now.height > before.height
    assert now.head(before.height).select("id", "index").equals(before.select("id", "index"))


def test_version_tells_its_origin_and_why_no_masks_were_searched(
    second: dict[str, Any], workspace: Path
) -> None:
    store = open_store(from_mapping(CONFIG).tracking, workspace)
    version = store.client.get_model_version("lt4rec", second["model"]["version"])
    run = store.client.get_run(second["run_id"])
    for tags in (version.tags, run.data.tags):
        assert tags["lt4rec.search"] == "false"
        assert tags["lt4rec.search_reason"].startswith("nothing asks for a search")
        assert tags["lt4rec.started_from"] == "1"
    assert version.tags["lt4rec.searched"] == FIRST


def test_same_day_again_works_on_nothing_and_makes_no_second_version(
    second: dict[str, Any], run: Run
) -> None:
    again, worked = run(SECOND)
    assert worked == set()
    for key in ("metrics", "masks", "gate", "model", "search", "started_from"):
        assert again[key] == second[key]


def test_forced_day_makes_a_new_version_of_the_same_result(
    second: dict[str, Any], run: Run
) -> None:
    forced, worked = run(SECOND, forced=True)
    assert {"ingest", "joint-train", "register"} <= worked
    assert int(forced["model"]["version"]) > int(second["model"]["version"])
    for key in ("metrics", "masks", "started_from", "train_days"):
        assert forced[key] == second[key]


def test_late_data_is_told_and_the_day_run_again_leaves_the_champion(
    second: dict[str, Any], run: Run, logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = next((logs / "impressions" / f"date={SECOND}").iterdir())
    kept = tmp_path / "kept"
    shutil.copyfile(part, kept)
    try:
        rows = pl.read_parquet(part)
        late = rows.head(9).with_columns(impression_id=pl.lit("late-") + pl.col("impression_id"))
        pl.concat([rows, late]).write_parquet(part)
        third, _ = run(THIRD)
        assert third["late"][SECOND].endswith("now")
        again, worked = run(SECOND)
    finally:
        shutil.copyfile(kept, part)
    assert "joint-train" in worked
    assert again["gate"]["accepted"] is True
    assert again["started_from"] == second["started_from"]
    assert again["model"]["alias"] == "challenger"


def test_cadence_asks_for_a_search(second: dict[str, Any], run: Run) -> None:
    searched, worked = run(THIRD, cadence_days=2)
    assert searched["search"]["search"] is True
    assert searched["search"]["reason"] == "the last search was 2 days ago; one is due every 2"
    assert searched["train_days"] == ["2026-01-03", "2026-01-04"]
    assert "prune-ctr" in worked


def test_backfill_skips_what_is_done_and_leaves_out_a_day_without_data(
    second: dict[str, Any], logs: Path, workspace: Path
) -> None:
    lines: list[str] = []
    config = from_mapping(CONFIG)
    result = run_backfill(config, str(logs), SECOND, "2026-01-07", workspace, show=lines.append)
    statuses = [(day["data_date"], day["status"]) for day in result.days]
    assert statuses[0] == (SECOND, "skipped")
    assert statuses[2] == ("2026-01-07", "failed")
    assert result.days[0]["started_from"] == second["started_from"]
    assert isinstance(result.failure, InputError)
    assert "2026-01-07, the test day (--data-date), is missing" in str(result.failure)


def test_day_that_validation_stopped_is_left_out_of_the_next_days_window(
    second: dict[str, Any], run: Run, logs: Path, workspace: Path, tmp_path: Path
) -> None:
    poisoned = shutil.copytree(logs, tmp_path / "poisoned")
    for day in (SECOND, THIRD):  # nobody clicks
        for part in (poisoned / "clicks" / f"date={day}").iterdir():
            pl.read_parquet(part).head(5).write_parquet(part)
    for day in (SECOND, THIRD):
        with pytest.raises(ValidationError, match=rf"click_rate_change: label.click on {day}"):
            run(day, source=poisoned)
    store = open_store(from_mapping(CONFIG).tracking, workspace)
    stopped = store.search("tags.`lt4rec.left_out` != ''")[0]
    assert stopped.data.tags["data_date"] == THIRD
    told = json.loads(stopped.data.tags["lt4rec.left_out"])
    assert list(told) == [SECOND]
    assert told[SECOND].startswith("validation stopped its run (click_rate_change")


def test_source_without_days_has_no_daily_run(tmp_path: Path) -> None:
    config = from_mapping({**CONFIG, "ingest": {"source": "tfrecord"}})
    with pytest.raises(ConfigError, match="needs a source with days"):
        run_retraining(config, str(tmp_path), "", tmp_path, show=lambda line: None)
