from __future__ import annotations

import os
from pathlib import Path

import pytest

from lt4rec_core.config import load
from lt4rec_core.data.dataset import Dataset, open_dataset
from lt4rec_core.data.synthetic import generate
from lt4rec_core.stages.ingest import ingest
from lt4rec_core.tracking import SilentTracker
from pipelines import configs

CONFIGS = Path(next(iter(configs.__path__)))
REAL = os.environ.get("LT4REC_REAL_DATA", "")
needs_real_data = pytest.mark.skipif(not REAL, reason="LT4REC_REAL_DATA names no folder")


def ingested(name: str, location: Path, day: str | None, target: Path, *overrides: str) -> Dataset:
    config = load(CONFIGS / f"{name}.toml", overrides)
    ingest(config, str(location), day, target, SilentTracker())
    return open_dataset(target)


def balanced(dataset: Dataset) -> bool:
    kept = sum(day.rows for day in dataset.manifest.days)
    lost = {key: n for key, n in dataset.manifest.dropped.items() if "impressions." in key}
    return dataset.manifest.read["impressions"] == kept + sum(lost.values())


def test_made_up_logs_become_a_dataset(tmp_path: Path) -> None:
    config = load(CONFIGS / "demo.toml", ["synthetic.days=4", "synthetic.rows_per_day=300"])
    generate(config.synthetic, tmp_path / "logs", SilentTracker())
    targets = (tmp_path / "one", tmp_path / "other")
    one, other = (
        ingested("demo", tmp_path / "logs", "2026-01-04", target, "ingest.train_days=2")
        for target in targets
    )
    assert balanced(one)
    assert one.digest == other.digest
    assert one.days("train") == ("2026-01-01", "2026-01-02")


@needs_real_data
def test_kuairand_is_cut_by_its_own_dates(tmp_path: Path) -> None:
    dataset = ingested("kuairand", Path(REAL) / "kuairand_pure", "2022-05-03", tmp_path / "out")
    assert balanced(dataset)
    assert dataset.days("train")[0] == "2022-04-25"
    assert dataset.days("train")[-1] == "2022-05-01"
    assert dataset.manifest.read["impressions"] == 154_071
    assert dataset.manifest.dropped == {
        "impressions.duplicate": 4339,
        "impressions.no_duration": 2485,
    }


@needs_real_data
def test_the_papers_sample_keeps_all_its_rows(tmp_path: Path) -> None:
    dataset = ingested("tencent_sample", Path(REAL) / "lt4rec_sample", None, tmp_path / "out")
    assert sum(day.rows for day in dataset.manifest.days) == 4322
    assert sum(day.labels["click"] for day in dataset.manifest.days) == 1677
    assert len(dataset.features.fields) == 20
