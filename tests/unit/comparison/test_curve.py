from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lt4rec_core.comparison.curve import curves
from lt4rec_core.comparison.result import Result


def result(seed: int, *values: float, arm: str = "connection_share") -> Result:
    rounds = [
        {"round": place, "density": 1 / (1 + place), "metric": "mse", "value": value}
        for place, value in enumerate(values)
    ]
    masks: dict[str, Any] = {"cvr": {"round": 1, "rounds": rounds}} if values else {}
    return Result(Path(), {"arm": arm, "seed": seed, "masks": masks})


def test_points_are_means_over_seeds_with_the_dense_one_first() -> None:
    curve = curves([result(0, 0.30, 0.20), result(1, 0.34, 0.22)], 0.95)
    points = curve["connection_share"]["cvr"]["points"]
    assert [point["density"] for point in points] == [1.0, 0.5]
    assert points[0]["mean"] == pytest.approx(0.32)
    assert points[1]["values"] == [0.20, 0.22]
    assert points[1]["low"] < 0.21 < points[1]["high"]


def test_gain_over_dense_is_paired_by_seed_and_positive_where_better() -> None:
    points = curves([result(0, 0.30, 0.20), result(1, 0.40, 0.30)], 0.95)
    gain = points["connection_share"]["cvr"]["points"][1]["against_dense"]
    assert gain["mean"] == pytest.approx(0.1)
    assert gain["low"] == pytest.approx(gain["high"])


def test_one_seed_has_no_band() -> None:
    point = curves([result(0, 0.3, 0.2)], 0.95)["connection_share"]["cvr"]["points"][1]
    assert "low" not in point


def test_arms_without_masks_have_no_curve() -> None:
    assert curves([result(0, arm="mmoe")], 0.95) == {}


def test_a_task_without_a_defined_metric_has_no_curve() -> None:
    undefined = result(0, 0.7, 0.7)
    for entry in undefined.record["masks"]["cvr"]["rounds"]:
        entry["value"] = None
    assert curves([undefined], 0.95) == {}
