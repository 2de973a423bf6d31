from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from lt4rec_core.config import Config, load
from lt4rec_core.data.synthetic.generate import chunks
from lt4rec_core.data.synthetic.scene import scenes
from lt4rec_core.metrics import METRICS

CONFIGS = Path(__file__).parents[3] / "pipelines" / "configs"
STAGES = [
    "find_days",
    "ingest",
    "validate",
    "choose_search",
    "warmup",
    "prune",
    "single_task",
    "joint_train",
    "evaluate",
    "register",
]


@pytest.fixture(params=["demo", "production"])
def config(request: pytest.FixtureRequest) -> Config:
    return load(CONFIGS / f"{request.param}.toml")


@pytest.fixture
def impressions() -> pl.DataFrame:
    world = load(CONFIGS / "demo.toml", ["synthetic.rows_per_day=60"]).synthetic
    return next(chunks(world, next(scenes(world)))).impressions


def test_every_column_of_the_generator_is_a_field_or_a_key(
    config: Config, impressions: pl.DataFrame
) -> None:
    keys = {"impression_id", "request_id", "timestamp"}
    read = {field.source_column for field in config.fields}
    assert read | keys == set(impressions.columns)


def test_multi_valued_fields_are_lists(config: Config, impressions: pl.DataFrame) -> None:
    declared = {field.source_column for field in config.fields if field.values == "multi"}
    assert declared == {n for n, kind in impressions.schema.items() if kind == pl.List}


def test_numeric_fields_are_numbers(config: Config, impressions: pl.DataFrame) -> None:
    for field in config.fields:
        if field.kind == "numeric":
            assert impressions.schema[field.source_column].is_numeric()


def test_the_gate_asks_for_every_task_in_a_known_metric(config: Config) -> None:
    rules = config.register.rules
    assert {rule.task for rule in rules} == {task.name for task in config.tasks}
    assert {rule.metric for rule in rules} <= set(METRICS)
    assert any(rule.max_loss is not None for rule in rules)


def test_the_demo_uses_all_the_days_it_generates() -> None:
    demo = load(CONFIGS / "demo.toml")
    assert demo.synthetic.days == demo.ingest.train_days + 2


def test_production_is_the_papers_setting() -> None:
    config = load(CONFIGS / "production.toml")
    assert (config.model.embedding_dim, config.model.hidden) == (64, (512, 256, 128))
    assert (config.optimizer.batch_size, config.optimizer.learning_rate) == (4096, 1e-4)
    assert [task.weight for task in config.tasks] == [0.7, 0.3]
    assert config.ingest.train_days == 7


def test_production_bounds_every_stage() -> None:
    resources = load(CONFIGS / "production.toml").cluster.resources
    assert set(resources) == set(STAGES)
    assert all(asked.retries and asked.timeout_seconds for asked in resources.values())


def test_production_names_secrets_and_holds_none() -> None:
    config = load(CONFIGS / "production.toml")
    assert {secret.variable for secret in config.cluster.secrets} >= {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
    }
    assert config.tracking.uri.startswith("http")
    assert config.cluster.source.startswith("s3://")
