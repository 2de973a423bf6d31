from dataclasses import replace

import pytest

from lt4rec_core.report import ReportInput, process


def test_mean_labels_are_over_the_tasks_own_rows(whole):
    day = process.data(whole)["days"][0]
    assert day["means"] == pytest.approx([6000 / 15000, 3600.5 / 6000])


def test_what_was_dropped_is_a_share_of_its_own_stream(whole):
    duplicate = process.data(whole)["dropped"][0]
    assert duplicate["share"] == pytest.approx(2100 / 86000)


def test_errors_stand_before_warnings():
    results = [
        {"expectation": "a", "severity": severity, "status": "failed", "message": "", "rows": []}
        for severity in ("warning", "error")
    ]
    found = process.validation(ReportInput(title="", validation={"results": results}))
    assert [failure["severity"] for failure in found["failures"]] == ["error", "warning"]


def test_each_stage_has_a_curve_for_each_task(whole):
    said = {
        stage["stage"]: [series["said"] for series in stage["plots"]]
        for stage in process.losses(whole)
    }
    assert said["warmup"] == ["ctr loss", "cvr loss"]
    assert said["prune-ctr"] == ["ctr loss", "ctr on validation"]


def test_what_was_looked_at_once_is_a_number_not_a_curve(whole):
    warmup = process.losses(whole)[0]
    assert warmup["single"] == [("ctr on validation", 0.7), ("cvr on validation", 0.7)]


def test_trainings_of_many_rounds_follow_each_other():
    placed, rounds = process._along([(50, 1.0), (100, 0.5), (1_000_050, 0.9), (1_000_100, 0.4)])
    assert rounds
    assert placed == [(0.5, 1.0), (1.0, 0.5), (1.5, 0.9), (2.0, 0.4)]


def test_two_masks_are_split_into_four_shares_of_one(whole):
    for layer in process.overlap(whole)["layers"]:
        assert sum(layer["split"].values()) == pytest.approx(1.0)


def test_the_overlap_is_the_same_both_ways_and_none_is_told_of_a_task_with_itself(whole):
    matrix = process.overlap(whole)["matrix"]
    assert [matrix[place][place] for place in range(2)] == [None, None]
    assert matrix[0][1] == matrix[1][0]
    # The masks of the fixture are drawn independently of each other.
    assert matrix[0][1]["share"] == pytest.approx(matrix[0][1]["chance"], abs=0.02)


def test_a_config_that_cannot_be_read_costs_the_means_only(whole):
    data = process.data(replace(whole, config={"nonsense": 1}))
    assert data["tasks"] == []
    assert data["rows"] == 84000
