from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import torch

from lt4rec_core.data.dataset import Dataset
from lt4rec_core.pruning.mask import Mask
from lt4rec_core.versions.difference import (
    changed_settings,
    common_days,
    compare_masks,
    compare_vocabularies,
    drift_between,
    outline,
)


def test_settings_are_told_by_path_and_name() -> None:
    a = {"seed": 1, "model": {"hidden": [8], "old": 1}, "tasks": [{"name": "ctr", "weight": 0.7}]}
    b = {"seed": 1, "model": {"hidden": [9], "new": {}}, "tasks": [{"name": "ctr", "weight": 0.5}]}
    assert changed_settings(a, b) == [
        {"setting": "model.hidden", "a": [8], "b": [9]},
        {"setting": "model.new", "a": None, "b": {}},
        {"setting": "model.old", "a": 1, "b": None},
        {"setting": "tasks.ctr.weight", "a": 0.7, "b": 0.5},
    ]
    assert changed_settings(a, a) == []


def mask(*kept: int, name: str = "over.0.weight") -> Mask:
    return Mask({name: torch.tensor(kept, dtype=torch.bool)})


def test_masks_are_compared_task_by_task() -> None:
    a = {"ctr": mask(1, 1, 0, 0), "cvr": mask(1, 0), "like": mask(1)}
    b = {"ctr": mask(0, 1, 1, 0), "cvr": mask(1, 0, 1)}
    found = compare_masks(a, b)
    assert found["ctr"] == {"a": 0.5, "b": 0.5, "overlap": pytest.approx(1 / 3)}
    assert found["cvr"]["why"] == "the networks have other shapes"
    assert found["like"] == {"a": 1.0, "why": "version a alone has a mask of this task"}


def manifest(train: list[str], clicks: float) -> dict[str, Any]:
    days = [{"day": d, "split": "train", "rows": 50, "labels": {"click": clicks}} for d in train]
    return {"digest": "d", "splits": {"train": train}, "days": days, "dropped": {"plays.late": 1}}


def test_outline_of_a_dataset_has_days_rows_and_labels() -> None:
    found = outline(manifest(["a", "b"], 10.0))
    assert found["splits"]["train"] == {
        "days": ["a", "b"],
        "rows": 100,
        "label_per_row": {"click": 0.2},
    }
    assert common_days(manifest(["a", "b"], 1), manifest(["b", "c"], 1)) == ["b"]


def test_vocabularies_are_compared_by_ids(save: Callable[..., Path]) -> None:
    a, b = save(1), save(2, turned=True)
    path = b / "vocabulary" / "item_id.json"
    ids = json.loads(path.read_text())
    path.write_text(json.dumps([*ids[1:], "never seen"]))
    found = compare_vocabularies(a, b)
    assert found["item_id"] == {"a": len(ids), "b": len(ids), "both": len(ids) - 1}
    assert found["user_id"]["both"] == found["user_id"]["a"]
    assert "duration" not in found


def changed(dataset: Dataset, root: Path, **columns: pl.Expr) -> Dataset:
    """The dataset with other columns on its test day, and with a user for every row."""
    (path,) = dataset.paths("test")
    target = root / path.relative_to(dataset.root)
    target.parent.mkdir(parents=True)
    rows = pl.read_parquet(path).with_columns(user=pl.col("row_id"), **columns)
    rows.write_parquet(target)
    return Dataset(root, dataset.manifest, dataset.features)


def test_a_day_does_not_drift_from_itself(tiny_dataset: Dataset, tmp_path: Path) -> None:
    day = changed(tiny_dataset, tmp_path)
    found = drift_between(day, day)
    assert {"tab", "tags", "duration"} <= found.keys()
    assert set(found.values()) == {0.0}


def test_field_whose_values_turn_drifts_alone(tiny_dataset: Dataset, tmp_path: Path) -> None:
    rarest = pl.col("tab").value_counts(sort=True).struct.field("tab").last()
    one = changed(tiny_dataset, tmp_path / "one")
    found = drift_between(one, changed(tiny_dataset, tmp_path / "other", tab=rarest))
    assert found.pop("tab") > 0.25
    assert set(found.values()) == {0.0}


def test_few_users_say_nothing_of_a_drift(tiny_dataset: Dataset) -> None:
    assert drift_between(tiny_dataset, tiny_dataset) == {}
