import json

import numpy as np
import polars as pl
import pytest

from lt4rec_core.config import Evaluate, Slice
from lt4rec_core.errors import ConfigError
from lt4rec_core.metrics.judge import judge, user_codes
from lt4rec_core.tasks import EVERY_IMPRESSION, TASKS, Task

N = 240
BOTH = tuple(TASKS.values())


def rows():
    rng = np.random.default_rng(0)
    click = rng.integers(0, 2, N).astype(np.float32)
    return pl.DataFrame(
        {
            "user": [f"u{user}" for user in rng.integers(0, 40, N)],
            "label.click": click,
            "label.watch_ratio": [
                float(ratio) if clicked else None
                for ratio, clicked in zip(rng.random(N), click, strict=True)
            ],
            "label.like": np.zeros(N, dtype=np.float32),
            "tab": ["0", "1", None] * (N // 3),
            "tags": [["x", "y"], ["x"], []] * (N // 3),
            "known.user": [True, True, True, False] * (N // 4),
        },
        schema_overrides={"label.watch_ratio": pl.Float32},
    )


def predictions(tasks, seed):
    return {task.name: np.random.default_rng(seed).random(N) for task in tasks}


def judged(tasks=BOTH, slices=(), singles=True, replicates=50):
    models = {"model": predictions(tasks, 1)}
    if singles:
        models["single_task"] = predictions(tasks, 2)
    trivial = {"mean": {task.name: np.full(N, 0.5) for task in tasks}}
    settings = Evaluate(slices=slices, bootstrap_replicates=replicates, calibration_bins=4)
    return judge(settings, tasks, rows(), models, trivial, seed=0)


def test_is_json_without_nan():
    json.dumps(judged(slices=(Slice(name="tab", column="tab", min_rows=1),)), allow_nan=False)


def test_each_task_is_judged_on_its_own_population():
    tasks = judged()["tasks"]
    assert tasks["ctr"]["rows"] == N
    assert tasks["cvr"]["rows"] == rows()["label.click"].sum()


def test_gain_is_the_improvement_whichever_way_is_better():
    tasks = judged()["tasks"]
    ctr, cvr = tasks["ctr"], tasks["cvr"]
    assert ctr["mtl_gain"]["value"] == ctr["model"]["auc"] - ctr["single_task"]["auc"]
    assert cvr["mtl_gain"]["value"] == cvr["single_task"]["mse"] - cvr["model"]["mse"]
    assert cvr["mtl_gain"]["relative"] == pytest.approx(
        cvr["mtl_gain"]["value"] / cvr["single_task"]["mse"]
    )
    assert ctr["mtl_gain"]["low"] <= ctr["mtl_gain"]["value"] <= ctr["mtl_gain"]["high"]


def test_what_is_undefined_is_absent_with_its_reason():
    cvr = judged()["tasks"]["cvr"]
    assert "auc" not in cvr["model"]
    assert cvr["undefined"]["model.auc"] == "labels aren't 0 or 1"
    assert cvr["undefined"]["trivial.mean.gauc"] == "labels aren't 0 or 1"


def test_any_number_of_tasks():
    like = Task("like", "like", EVERY_IMPRESSION, "log_loss", "auc", 1.0)
    tasks = judged((*TASKS.values(), like))["tasks"]
    assert list(tasks) == ["ctr", "cvr", "like"]
    assert tasks["like"]["undefined"]["model.auc"] == "only one class: every label is 0"
    assert "mtl_gain" not in tasks["like"]
    assert "mtl_gain" in tasks["like"]["undefined"]


def test_a_task_without_a_single_row_says_so():
    none_liked = Task("after_like", "watch_ratio", "like", "squared_error", "mse", 1.0)
    task = judged((none_liked,))["tasks"]["after_like"]
    assert task["rows"] == 0
    assert task["undefined"]["model.mse"] == "no rows"
    assert task["calibration"]["model"] == []


def test_without_a_baseline_there_is_no_gain():
    ctr = judged(singles=False)["tasks"]["ctr"]
    assert "single_task" not in ctr
    assert ctr["undefined"]["single_task"] == "no single-task baseline was given"


def test_without_replicates_the_gain_has_no_interval():
    ctr = judged(replicates=0)["tasks"]["ctr"]
    assert set(ctr["mtl_gain"]) == {"value", "relative"}
    assert "replicates" in ctr["undefined"]["mtl_gain.low"]


def test_calibration_bins_cover_every_row():
    bins = judged()["tasks"]["ctr"]["calibration"]["model"]
    assert len(bins) == 4
    assert sum(entry["rows"] for entry in bins) == N


def test_slices_by_value_with_missing_as_one_of_them():
    slices = judged(slices=(Slice(name="tab", column="tab", min_rows=1),))["tasks"]["ctr"]["slices"]
    assert list(slices) == ["tab=0", "tab=1", "tab=missing"]
    assert sum(part["rows"] for part in slices.values()) == N
    assert set(slices["tab=0"]) == {
        "rows",
        "events",
        "model",
        "single_task",
        "mtl_gain",
        "undefined",
    }


def test_slices_by_what_was_known():
    known = Slice(name="known_user", column="known.user", min_rows=1)
    slices = judged(slices=(known,))["tasks"]["ctr"]["slices"]
    assert {name: part["rows"] for name, part in slices.items()} == {
        "known_user=false": N // 4,
        "known_user=true": N * 3 // 4,
    }


def test_a_row_belongs_to_each_of_its_values():
    slices = judged(slices=(Slice(name="tag", column="tags", min_rows=1),))["tasks"]["ctr"][
        "slices"
    ]
    assert {name: part["rows"] for name, part in slices.items()} == {
        "tag=x": N * 2 // 3,
        "tag=y": N // 3,
        "tag=missing": N // 3,
    }


def test_small_slices_are_left_out_and_counted():
    ctr = judged(slices=(Slice(name="tab", column="tab", min_rows=81),))["tasks"]["ctr"]
    assert ctr["slices"] == {}
    assert ctr["undefined"]["slices.tab"].endswith(f"3 of them, {N} rows in all")


def test_a_slice_of_a_column_that_is_not_there_is_refused():
    with pytest.raises(ConfigError, match=r"needs the column 'city'.*'tab'"):
        judged(slices=(Slice(name="city", column="city"),))


def test_rows_without_a_user_are_users_of_their_own():
    codes = user_codes(pl.DataFrame({"user": ["a", None, "a", None, "b"]}))
    assert codes[0] == codes[2]
    assert len(set(codes)) == 4


def test_events_are_counted_for_binary_labels_only():
    tasks = judged(slices=(Slice(name="tab", column="tab", min_rows=1),))["tasks"]
    clicks = int(rows()["label.click"].sum())
    assert tasks["ctr"]["events"] == min(clicks, N - clicks)
    assert sum(part["events"] for part in tasks["ctr"]["slices"].values()) <= N // 2
    assert "events" not in tasks["cvr"]


def test_the_model_s_own_metric_has_an_interval_too():
    ctr = judged()["tasks"]["ctr"]
    assert ctr["interval"]["low"] <= ctr["model"]["auc"] <= ctr["interval"]["high"]
    without = judged(replicates=0)["tasks"]["ctr"]
    assert without["interval"] == {}
    assert "replicates" in without["undefined"]["interval"]
