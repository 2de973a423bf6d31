"""The DAG as it's compiled for the cluster: every change of it shows up in a diff.

`make golden` writes the file anew.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
import yaml

from lt4rec_core.config import load
from pipelines.compile import compile_pipeline

CONFIG = Path(__file__).parents[2] / "pipelines" / "configs" / "production.toml"
COMPARISON = CONFIG.with_name("comparison.toml")
GOLDEN = Path(__file__).with_name("production.yaml")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> str:
    target = tmp_path_factory.mktemp("compiled") / "production.yaml"
    return compile_pipeline(load(CONFIG), target).read_text(encoding="utf-8")


def test_production_pipeline_is_the_golden_one(compiled: str) -> None:
    if os.environ.get("LT4REC_WRITE_GOLDEN"):
        GOLDEN.write_text(compiled, encoding="utf-8")
    assert compiled == GOLDEN.read_text(encoding="utf-8"), "run `make golden` and read the diff"


def test_daily_pipeline_is_the_golden_one(tmp_path: Path) -> None:
    target, golden = tmp_path / "daily.yaml", GOLDEN.with_name("daily_retraining.yaml")
    written = compile_pipeline(load(CONFIG), target, pipeline="daily-retraining")
    text = written.read_text(encoding="utf-8")
    if os.environ.get("LT4REC_WRITE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8"), "run `make golden` and read the diff"


def test_comparison_pipeline_is_the_golden_one(tmp_path: Path) -> None:
    small = ["comparison.arms=['single_task', 'connection_share']", "comparison.seeds=2"]
    small += ["comparison.worlds=[{name = 'opposed', conflict = 1.0, seeds = 1}]"]
    target, golden = tmp_path / "comparison.yaml", GOLDEN.with_name("comparison.yaml")
    written = compile_pipeline(load(COMPARISON, small), target, pipeline="comparison")
    text = written.read_text(encoding="utf-8")
    if os.environ.get("LT4REC_WRITE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8"), "run `make golden` and read the diff"


def test_pipeline_that_reads_each_day_by_its_own_task_is_the_golden_one(tmp_path: Path) -> None:
    few = load(CONFIG, ["cluster.fan_out=true", "ingest.train_days=1"])
    target, golden = tmp_path / "fan_out.yaml", GOLDEN.with_name("fan_out.yaml")
    text = compile_pipeline(few, target).read_text(encoding="utf-8")
    if os.environ.get("LT4REC_WRITE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8"), "run `make golden` and read the diff"


def test_nothing_is_installed_when_a_task_starts(compiled: str) -> None:
    assert not re.search(r"pip3?\b.*\binstall|ensurepip", compiled)


def test_no_secret_is_written_out_and_each_is_referred_to(compiled: str) -> None:
    platform = list(yaml.safe_load_all(compiled))[1]
    executors = platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    for secret in load(CONFIG).cluster.secrets:
        for executor in executors.values():
            refers = [
                pair["envVar"]
                for entry in executor["secretAsEnv"]
                if entry["secretName"] == secret.secret
                for pair in entry["keyToEnv"]
                if pair["secretKey"] == secret.key
            ]
            assert refers == [secret.variable]
