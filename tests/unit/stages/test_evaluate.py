import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch

from lt4rec_core.config import from_mapping
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.features import FeatureMap, FieldMap, TableMap
from lt4rec_core.data.layout import layout_of
from lt4rec_core.data.manifest import DayRecord, Manifest, SourceRecord
from lt4rec_core.errors import ArtifactError
from lt4rec_core.model.sharing.registry import build
from lt4rec_core.pruning.mask import Mask, dense
from lt4rec_core.stages.evaluate import evaluate, open_evaluation
from lt4rec_core.tracking import SilentTracker
from lt4rec_core.training.checkpoint import save_checkpoint

ROWS = 120
SPLITS = {"train": ("d1",), "validation": ("d2",), "test": ("d3",)}
FEATURES = FeatureMap(
    fields=(FieldMap("item", "item", "single", "item", "categorical"),),
    tables=(TableMap("item", "categorical", 10, oov_buckets=2),),
)


class RecordingTracker(SilentTracker):
    def __init__(self):
        self.metrics = {}

    def log_metrics(self, metrics, step):
        self.metrics |= metrics


def day(seed):
    rng = np.random.default_rng(seed)
    item, click = rng.integers(3, 10, ROWS), rng.integers(0, 2, ROWS)
    return pl.DataFrame(
        {
            "row_id": [f"{seed}-{row}" for row in range(ROWS)],
            "user": [f"u{user}" for user in rng.integers(0, 20, ROWS)],
            "item": [f"i{index}" for index in item],
            "label.click": click.astype(np.float32),
            "label.watch_ratio": np.where(click == 1, rng.random(ROWS), np.nan).astype(np.float32),
            "tab": [str(tab) for tab in rng.integers(0, 2, ROWS)],
            "id.item": item.astype(np.int32),
        }
    ).with_columns(pl.col("label.watch_ratio").fill_nan(None))


@pytest.fixture
def dataset(tmp_path):
    root = tmp_path / "dataset"
    root.mkdir()
    days = []
    for seed, (split, (name,)) in enumerate(SPLITS.items()):
        day(seed).write_parquet(root / f"{name}.parquet")
        days.append(DayRecord(name, split, f"{name}.parquet", ROWS, "", {}))
    manifest = Manifest(
        schema_digest=FEATURES.digest,
        inputs="",
        source=SourceRecord("events", "", ""),
        data_date=None,
        time_zone="UTC",
        splits=SPLITS,
        days=tuple(days),
        files={},
        read={},
        partitions={},
        dropped={},
    )
    return Dataset(root, manifest, FEATURES)


@pytest.fixture
def config():
    return from_mapping(
        {
            "threads": torch.get_num_threads(),
            "fields": [{"name": "item"}],
            "model": {"embedding_dim": 4, "hidden": [8]},
            "evaluate": {
                "bootstrap_replicates": 20,
                "slices": [{"name": "tab", "column": "tab", "min_rows": 5}],
            },
        }
    )


def network(config, sharing, names):
    return build(sharing, layout_of(FEATURES), config.model, names, torch.Generator())


def saved(config, target, sharing, names):
    weights = network(config, sharing, names).state_dict()
    tensors = {f"weights/{name}": values for name, values in weights.items()}
    return save_checkpoint(target, "checkpoint", tensors, {"schema_digest": FEATURES.digest})


@pytest.fixture
def inputs(config, dataset, tmp_path):
    names = [task.name for task in config.tasks]
    joint = network(config, config.model.sharing, names)
    return {
        "config": config,
        "dataset": dataset,
        "joint": saved(config, tmp_path / "joint", config.model.sharing, names),
        "masks": {name: dense(joint.prunable(name)) for name in names},
        "singles": {
            name: saved(config, tmp_path / f"single-{name}", "single_task", [name])
            for name in names
        },
        "target": tmp_path / "evaluation",
        "tracker": SilentTracker(),
    }


def test_judges_every_task_with_baselines_and_slices(inputs):
    metrics = evaluate(**inputs).metrics
    assert metrics["test_days"] == ["d3"]
    assert metrics["rows"] == ROWS
    for task in metrics["tasks"].values():
        assert task["metric"] in task["model"].keys() & task["single_task"].keys()
        assert list(task["trivial"]) == ["mean", "item_rate", "user_rate"]
        assert list(task["slices"]) == ["tab=0", "tab=1"]
        assert set(task["mtl_gain"]) == {"value", "low", "high", "relative"}


def test_what_is_returned_is_what_is_written(inputs):
    written = evaluate(**inputs)
    assert open_evaluation(inputs["target"]).metrics == written.metrics


def test_predictions_are_written_row_by_row_with_the_labels(inputs):
    evaluate(**inputs)
    table = pl.read_parquet(inputs["target"] / "predictions.parquet")
    expected = day(2)
    assert table["row_id"].to_list() == expected["row_id"].to_list()
    assert table["label.click"].to_list() == expected["label.click"].to_list()
    assert {"p.ctr", "p.cvr", "single.ctr", "single.cvr"} <= set(table.columns)
    assert table["p.ctr"].is_between(0, 1).all()


def test_the_same_inputs_give_the_same_evaluation(inputs, tmp_path):
    first = evaluate(**inputs).metrics
    assert evaluate(**{**inputs, "target": tmp_path / "again"}).metrics == first


def test_a_task_is_judged_under_its_own_mask(inputs, tmp_path):
    before = evaluate(**inputs).metrics["tasks"]
    empty = {name: ~kept for name, kept in inputs["masks"]["cvr"].tensors.items()}
    masks = {**inputs["masks"], "cvr": Mask(empty)}
    after = evaluate(**{**inputs, "masks": masks, "target": tmp_path / "again"}).metrics["tasks"]
    assert after["ctr"]["model"] == before["ctr"]["model"]
    assert after["cvr"]["model"] != before["cvr"]["model"]


def test_a_task_without_baseline_has_no_gain(inputs):
    singles = {"ctr": inputs["singles"]["ctr"]}
    tasks = evaluate(**{**inputs, "singles": singles}).metrics["tasks"]
    assert "mtl_gain" in tasks["ctr"]
    assert "mtl_gain" not in tasks["cvr"]


def test_the_tracker_hears_of_metrics_and_gains(inputs):
    tracker = RecordingTracker()
    evaluate(**{**inputs, "tracker": tracker})
    assert {"ctr.auc", "ctr.single_task.auc", "ctr.mtl_gain.value", "cvr.mse"} <= set(
        tracker.metrics
    )


def test_a_missing_mask_is_refused_and_nothing_is_written(inputs):
    with pytest.raises(ArtifactError, match=r"got masks of \['ctr'\]"):
        evaluate(**{**inputs, "masks": {"ctr": inputs["masks"]["ctr"]}})
    assert not inputs["target"].exists()


def test_a_mask_of_another_shape_is_refused(inputs):
    wrong = Mask({name: kept[:-1] for name, kept in inputs["masks"]["ctr"].tensors.items()})
    with pytest.raises(ArtifactError, match="mask doesn't fit the network"):
        evaluate(**{**inputs, "masks": {**inputs["masks"], "ctr": wrong}})


def test_a_checkpoint_of_another_network_is_refused(inputs, config):
    other = replace(config, model=replace(config.model, hidden=(6,)))
    with pytest.raises(ArtifactError, match="doesn't fit"):
        evaluate(**{**inputs, "config": other})


def test_a_half_written_evaluation_is_refused(tmp_path):
    (tmp_path / "metrics.json").write_text('{"tasks"')
    with pytest.raises(ArtifactError, match="isn't a whole evaluation"):
        open_evaluation(tmp_path)


def test_metrics_are_json_without_nan(inputs):
    evaluate(**inputs)
    text = (inputs["target"] / "metrics.json").read_text()
    json.loads(text, parse_constant=pytest.fail)
