from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from lt4rec_core.data.atomic import sha256_file
from lt4rec_core.data.dataset import open_dataset
from lt4rec_core.data.features import FeatureMap, FieldMap, TableMap
from lt4rec_core.data.manifest import DayRecord, Manifest, SourceRecord
from lt4rec_core.data.vocabulary import empty
from lt4rec_core.errors import ArtifactError

FEATURES = FeatureMap(
    (FieldMap("u", "u", "single", "u", "categorical"),), (TableMap("u", "categorical", 3, 2),)
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "days").mkdir()
    days = []
    for day, split in (("d1", "train"), ("d2", "train"), ("d3", "validation"), ("d4", "test")):
        name = f"days/{day}.parquet"
        pl.DataFrame({"row_id": [f"{day}-0", f"{day}-1"]}).write_parquet(tmp_path / name)
        days.append(DayRecord(day, split, name, 2, sha256_file(tmp_path / name), {"click": 1.0}))
    (tmp_path / "features.json").write_text(FEATURES.to_json())
    (tmp_path / "vocabulary").mkdir()
    empty().write_parquet(tmp_path / "vocabulary" / "u.parquet")
    manifest = Manifest(
        schema_digest=FEATURES.digest,
        inputs="abc",
        source=SourceRecord("events", "somewhere", "f"),
        data_date="d4",
        time_zone="UTC",
        splits={"train": ("d1", "d2"), "validation": ("d3",), "test": ("d4",)},
        days=tuple(days),
        files={"features.json": sha256_file(tmp_path / "features.json")},
        read={"impressions": 8},
        partitions={},
        dropped={},
    )
    (tmp_path / "manifest.json").write_text(manifest.to_json())
    return tmp_path


def test_a_split_is_read_day_by_day(root: Path) -> None:
    dataset = open_dataset(root)
    assert dataset.days("train") == ("d1", "d2")
    rows = dataset.scan("train").collect()["row_id"].to_list()
    assert rows == ["d1-0", "d1-1", "d2-0", "d2-1"]


def test_a_split_that_there_is_not_is_refused(root: Path) -> None:
    with pytest.raises(ArtifactError, match="no split 'tests'"):
        open_dataset(root).paths("tests")


def test_a_changed_file_is_named_with_both_digests(root: Path) -> None:
    (root / "days" / "d2.parquet").write_bytes(b"other")
    with pytest.raises(ArtifactError, match=r"d2\.parquet has SHA-256 \w+; .* expects \w+"):
        open_dataset(root)


def test_files_are_not_read_where_nothing_is_to_be_verified(root: Path) -> None:
    (root / "days" / "d2.parquet").write_bytes(b"other")
    assert open_dataset(root, verify=False).days("test") == ("d4",)


def test_a_missing_file_is_named(root: Path) -> None:
    (root / "days" / "d3.parquet").unlink()
    with pytest.raises(ArtifactError, match=r"d3\.parquet is missing"):
        open_dataset(root)


def test_changed_features_are_found_even_unverified(root: Path) -> None:
    other = FeatureMap(FEATURES.fields, (TableMap("u", "categorical", 4, 2),))
    (root / "features.json").write_text(other.to_json())
    with pytest.raises(ArtifactError, match=r"features\.json has digest"):
        open_dataset(root, verify=False)


def test_a_manifest_changed_by_hand_is_refused(root: Path) -> None:
    content = json.loads((root / "manifest.json").read_text())
    content["days"][0]["sha256"] = "0" * 64
    (root / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(ArtifactError, match="changed after it was written"):
        open_dataset(root, verify=False)


def test_a_folder_without_a_manifest_is_no_dataset(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="folder of a finished artifact"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("text", ["[]", "{}", '{"format": 1}', "no JSON"])
def test_what_is_not_a_manifest_is_refused(root: Path, text: str) -> None:
    (root / "manifest.json").write_text(text)
    with pytest.raises(ArtifactError, match="not a dataset's manifest"):
        open_dataset(root)
