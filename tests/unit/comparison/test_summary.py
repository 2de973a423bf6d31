from __future__ import annotations

import json
from typing import Any

import pytest

from lt4rec_core.comparison.answer import answer
from lt4rec_core.comparison.result import Result
from lt4rec_core.comparison.summary import summarize
from lt4rec_core.config import Config, changed
from lt4rec_core.errors import ArtifactError, ConfigError
from lt4rec_core.metrics import METRICS
from lt4rec_core.metrics.bootstrap import gain_interval


@pytest.fixture(scope="module")
def summary(compared: Config, results: list[Result], baselines: Result) -> dict[str, Any]:
    return summarize(compared, results, baselines)


def test_values_are_those_of_the_arms(summary: dict[str, Any], results: list[Result]) -> None:
    for task, metric in (("ctr", "auc"), ("cvr", "mse")):
        values = summary["parts"]["all"][task]["arms"]["single_task"]["values"]
        expected = [r.record["test"][task]["metrics"][metric] for r in results[:2]]
        assert values == pytest.approx(expected)


def test_slice_is_measured_on_its_own_rows(summary: dict[str, Any], results: list[Result]) -> None:
    part = summary["parts"]["tab=main"]["ctr"]
    judged = results[0].record["test"]["ctr"]["slices"]["tab=main"]
    assert part["rows"] == judged["rows"]
    assert part["arms"]["single_task"]["values"][0] == pytest.approx(judged["metrics"]["auc"])


def test_users_interval_is_the_evaluations_own(
    summary: dict[str, Any], compared: Config, results: list[Result]
) -> None:
    rows, base = results[2].predictions(), results[0].predictions()
    expected = gain_interval(
        METRICS["auc"],
        rows["label.click"].to_numpy(),
        rows["p.ctr"].to_numpy(),
        base["p.ctr"].to_numpy(),
        rows["user"].to_numpy(),
        replicates=compared.evaluate.bootstrap_replicates,
        confidence=compared.evaluate.confidence,
        seed=compared.seed,
    )
    gain = summary["parts"]["all"]["ctr"]["arms"]["connection_share"]["mtl_gain"]
    assert gain["over_users"][0] == pytest.approx([expected.low, expected.high])


def test_combined_interval_is_no_narrower_than_that_over_seeds(summary: dict[str, Any]) -> None:
    for task in ("ctr", "cvr"):
        gain = summary["parts"]["all"][task]["versus"]["single_task"]
        assert gain["low"] <= gain["over_seeds"][0] <= gain["over_seeds"][1] <= gain["high"]


def test_trivial_baselines_stand_beside(summary: dict[str, Any]) -> None:
    assert set(summary["parts"]["all"]["cvr"]["trivial"]) == {
        "mean",
        "item_rate",
        "user_rate",
        "logistic_regression",
        "gradient_boosting",
        "gradient_boosting_shared",
    }


def test_answer_has_the_promised_shape(summary: dict[str, Any]) -> None:
    told = json.loads(json.dumps(answer(summary, "/w/report.html"), allow_nan=False))
    assert set(told) == {
        *("arms", "trivial", "report"),
        *("curve", "sharing", "worlds", "against_conflict"),
    }
    arm = told["arms"]["connection_share"]
    assert set(arm) == {"ctr", "cvr", "mtl_gain", "parameters", "multiply_adds", "seconds"}
    assert len(arm["ctr"]["auc"]) == len(arm["cvr"]["mse"]) == 2
    assert set(arm["mtl_gain"]["ctr"]) == {"mean", "low", "high"}
    assert told["trivial"]["mean"]["ctr"] == {"auc": 0.5}


def test_order_of_results_changes_nothing(
    summary: dict[str, Any], compared: Config, results: list[Result], baselines: Result
) -> None:
    assert json.dumps(summarize(compared, results[::-1], baselines)) == json.dumps(summary)


def test_the_reference_has_no_gain_over_itself(summary: dict[str, Any]) -> None:
    assert answer(summary, "")["arms"]["single_task"]["mtl_gain"] == {}


def test_an_unknown_slice_is_refused(
    compared: Config, results: list[Result], baselines: Result
) -> None:
    with pytest.raises(ConfigError, match="one of"):
        summarize(changed(compared, {"comparison.slices": ["hour=3"]}), results, baselines)


def test_results_of_other_rows_are_refused(
    compared: Config, results: list[Result], baselines: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Result.predictions
    monkeypatch.setattr(
        Result,
        "predictions",
        lambda self: read(self).reverse() if self is results[1] else read(self),
    )
    with pytest.raises(ArtifactError, match="other rows"):
        summarize(compared, results, baselines)
