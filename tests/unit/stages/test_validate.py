"""The stage writes its results whether or not the data is sound, and says what is wrong."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from lt4rec_core.config import from_mapping
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.features import FeatureMap, FieldMap, TableMap
from lt4rec_core.data.manifest import DayRecord, Manifest, SourceRecord
from lt4rec_core.errors import ValidationError
from lt4rec_core.stages.validate import validate
from lt4rec_core.tracking import SilentTracker

ROWS = 120
FEATURES = FeatureMap(
    fields=(FieldMap("tab", "tab", "single", "tab", "categorical"),),
    tables=(TableMap("tab", "categorical", 5, 1),),
)


def impressions(split: str) -> pl.DataFrame:
    rows = np.arange(ROWS)
    tab, click = rows % 3, (rows // 3) % 2
    return pl.DataFrame(
        {
            "row_id": [f"{split}/{row}" for row in rows],
            "user": [f"u{row % 7}" for row in rows],
            "item": [f"i{row % 11}" for row in rows],
            "time": pl.Series([None] * ROWS, dtype=pl.Int64),
            "length": np.full(ROWS, 10.0),
            "label.click": click.astype(np.float32),
            "label.watch_ratio": pl.Series([0.5 if c else None for c in click], dtype=pl.Float32),
            "tab": [str(t) for t in tab],
            "id.tab": (2 + tab).astype(np.int32),
            "known.user": True,
            "known.item": True,
        }
    )


@pytest.fixture
def dataset(tmp_path):
    def dataset(**spoiled: pl.Expr) -> Dataset:
        root = tmp_path / "dataset"
        root.mkdir()
        records = []
        for split in ("train", "validation", "test"):
            frame = impressions(split)
            if split == "train":
                frame = frame.with_columns(**spoiled)
            frame.write_parquet(root / f"{split}.parquet")
            digest = hashlib.sha256((root / f"{split}.parquet").read_bytes()).hexdigest()
            records.append(DayRecord(split, split, f"{split}.parquet", len(frame), digest, {}))
        manifest = Manifest(
            schema_digest=FEATURES.digest,
            inputs="",
            source=SourceRecord("tfrecord", "made up", ""),
            data_date=None,
            time_zone="UTC",
            splits={split: (split,) for split in ("train", "validation", "test")},
            days=tuple(records),
            files={},
            read={},
            partitions={},
            dropped={},
        )
        return Dataset(root, manifest, FEATURES)

    return dataset


def config(**settings):
    return from_mapping({"fields": [{"name": "tab"}], "validate": settings})


@pytest.fixture
def run(tmp_path, dataset):
    def run(settings=None, **spoiled):
        sound = dataset(**spoiled)
        return validate(config(**settings or {}), sound, tmp_path / "out", SilentTracker())

    return run


THIRD = pl.int_range(pl.len()) == 2
CLICK_OF_TWO = pl.when(THIRD).then(pl.lit(2, dtype=pl.Float32)).otherwise(pl.col("label.click"))


def test_sound_data_passes_and_nothing_is_raised(run):
    outcome = run()
    outcome.raise_on_error()
    assert not outcome.failed
    assert outcome.failures == ()


def test_results_are_written_for_machines_and_people(run):
    outcome = run()
    record = json.loads((outcome.path / "validation.json").read_text())
    assert record["failed"] is False
    assert len(record["results"]) == len(outcome.results)
    assert (outcome.path / "data_docs" / "index.html").is_file()


def test_failure_is_written_with_offending_rows(run):
    outcome = run(**{"label.click": CLICK_OF_TWO})
    record = json.loads((outcome.path / "validation.json").read_text())
    failed = [r for r in record["results"] if r["expectation"] == "label_range" and r["rows"]]
    assert record["failed"] is True
    assert failed[0]["rows"] == [
        {"day": "train", "row_id": "train/2", "user": "u2", "label.click": 2.0}
    ]


def test_error_names_column_seen_allowed_and_rows(run):
    outcome = run(**{"label.click": CLICK_OF_TWO})
    seen = r"label_range: label.click on train: seen 1, allowed at most 0.*\n.*'train/2'"
    with pytest.raises(ValidationError, match=seen):
        outcome.raise_on_error()


def test_warning_does_not_stop(run):
    outcome = run({"severity": {"label_range": "warning"}}, **{"label.click": CLICK_OF_TWO})
    outcome.raise_on_error()
    assert [result.expectation for result in outcome.failures] == ["label_range"]


def test_what_is_off_is_not_checked(run):
    outcome = run({"severity": {"label_range": "off"}}, **{"label.click": CLICK_OF_TWO})
    assert "label_range" not in {result.expectation for result in outcome.results}


def test_what_cannot_be_measured_says_why(run):
    skipped = [result for result in run().results if result.status == "skipped"]
    assert "day_order" in {result.expectation for result in skipped}
    assert all("(" in result.message for result in skipped)


def test_data_docs_load_nothing_from_elsewhere(run):
    pages = list((run().path / "data_docs").rglob("*.html"))
    loaded = re.compile(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=[\"']?(?:https?:)?//")
    assert pages
    assert not [page for page in pages if loaded.search(page.read_text())]


def test_nothing_is_left_outside_the_target(run, tmp_path):
    run()
    assert {path.name for path in tmp_path.iterdir()} == {"dataset", "out"}


def test_importing_the_stage_loads_no_great_expectations():
    code = "import sys, lt4rec_core.stages.validate; sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
