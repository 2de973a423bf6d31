from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from components import digests
from components.digests import STAGE_SECTIONS, stage_settings, step_key, tree_digest
from lt4rec_core.config import Config, FeatureField, from_mapping


@pytest.fixture
def config() -> Config:
    return from_mapping({"threads": 1, "fields": [{"name": "user_id"}]})


def key(config: Config, stage: str = "prune", **changes: str) -> str:
    inputs = {"dataset": changes.get("dataset", "d1")}
    return step_key(stage, changes.get("task", "ctr"), config, inputs, changes.get("extra", ""))


def test_key_stays_when_nothing_changes(config: Config) -> None:
    assert key(config) == key(dataclasses.replace(config))


@pytest.mark.parametrize("change", [{"dataset": "d2"}, {"task": "cvr"}, {"extra": "3"}])
def test_key_changes_with_data_task_and_extra(config: Config, change: dict[str, str]) -> None:
    assert key(config) != key(config, **change)


def test_key_changes_with_own_settings_and_not_with_others(config: Config) -> None:
    rounds = dataclasses.replace(config, prune=dataclasses.replace(config.prune, rounds=2))
    assert key(config, "prune") != key(rounds, "prune")
    assert key(config, "warmup") == key(rounds, "warmup")


@pytest.mark.parametrize("stage", ["warmup", "prune", "joint_train", "single_task"])
def test_key_of_training_changes_with_seed_and_threads(config: Config, stage: str) -> None:
    assert key(config, stage) != key(dataclasses.replace(config, seed=1), stage)
    assert key(config, stage) != key(dataclasses.replace(config, threads=2), stage)


def test_key_changes_with_code(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key(config)
    monkeypatch.setattr(digests, "code_digest", lambda: "other code")
    assert key(config) != before


def test_switch_of_reuse_changes_no_result(config: Config) -> None:
    fresh = dataclasses.replace(config.single_task, reuse=False)
    assert key(config, "single_task") == key(
        dataclasses.replace(config, single_task=fresh), "single_task"
    )


def test_field_that_is_added_makes_a_new_dataset(config: Config) -> None:
    more = dataclasses.replace(config, fields=(*config.fields, FeatureField(name="item_id")))
    assert key(config, "ingest") != key(more, "ingest")


@pytest.mark.parametrize("stage", STAGE_SECTIONS)
def test_every_stage_knows_settings_that_exist(config: Config, stage: str) -> None:
    assert set(stage_settings(config, stage)) == set(STAGE_SECTIONS[stage])


def test_tree_digest_sees_names_and_contents(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    one = tree_digest(tmp_path)
    (tmp_path / "a").write_text("2")
    two = tree_digest(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert len({one, two, tree_digest(tmp_path)}) == 3
