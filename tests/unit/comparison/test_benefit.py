"""The gain taken apart, and the variants: the same arithmetic as the arms' own."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from lt4rec_core.comparison.benefit import STEPS
from lt4rec_core.comparison.result import Result
from lt4rec_core.comparison.summary import summarize
from lt4rec_core.config import Config, changed

SET = {"prune.final_density": 0.8, "prune.final_density_of.cvr": 0.9}
VARIANT = {"name": "mild", "group": "density", "set": SET}


@pytest.fixture(scope="module")
def summary(compared: Config, results: list[Result], baselines: Result) -> dict[str, Any]:
    """As if the dense network alone were the reference, and the other two the subject."""
    asked = {"comparison.benefit": True, "comparison.ablations": True}
    config = changed(compared, {**asked, "comparison.variants": [VARIANT]})
    stand_ins = {"dense_alone": 0, "subnetwork_alone": 2, "mild": 0}
    more = [
        dataclasses.replace(results[place + seed], name=name)
        for name, place in stand_ins.items()
        for seed in (0, 1)
    ]
    return summarize(config, [*results, *more], baselines)


def test_the_steps_add_up_to_the_whole_gain(summary: dict[str, Any]) -> None:
    for task, judged in summary["benefit"].items():
        steps = judged["steps"]
        whole = summary["parts"]["all"][task]["arms"]["connection_share"]["mtl_gain"]
        parts = [steps[what]["mean"] for what, *_ in STEPS[:-1]]
        assert sum(parts) == pytest.approx(steps["all together"]["mean"])
        assert steps["all together"] == whole


def test_each_step_is_from_one_arm_to_the_next(summary: dict[str, Any]) -> None:
    steps = summary["benefit"]["ctr"]["steps"]
    assert steps["warm-up"]["mean"] == steps["sharing"]["mean"] == 0.0
    assert steps["pruning"]["mean"] == steps["all together"]["mean"] != 0.0


def test_a_variant_is_held_against_its_arm(summary: dict[str, Any]) -> None:
    mild = summary["ablations"]["density"]["mild"]
    assert mild["set"] == SET
    assert mild["instead_of"] == {"prune.final_density": 0.25}
    for task, about in mild["tasks"].items():
        lost = summary["parts"]["all"][task]["versus"]["single_task"]
        assert about["difference"]["mean"] == pytest.approx(-lost["mean"])
        assert about["mtl_gain"]["mean"] == 0.0


def test_arms_tables_know_nothing_of_them(summary: dict[str, Any]) -> None:
    assert list(summary["arms"]) == ["single_task", "connection_share"]
    assert set(summary["parts"]["all"]["ctr"]["arms"]) == set(summary["arms"])
