from __future__ import annotations

from typing import Any

import pytest

from lt4rec_core.comparison.conflict import against_conflict, apart


def world(
    conflict: float, overlaps: list[float], gains: list[float], group: str = "all"
) -> dict[str, Any]:
    seeds = list(range(len(overlaps)))
    gain = {"seeds": seeds, "by_seed": gains, "mean": sum(gains) / len(gains)}
    masks = [{"ctr": {"density": 0.5}, "cvr": {"density": 0.5}}] * len(overlaps)
    shares = [{"ctr/cvr": share} for share in overlaps]
    arm = {"seeds": seeds, "overlap": shares, "masks": masks}
    return {
        "conflict": conflict,
        "group": group,
        "arms": {"connection_share": arm},
        "parts": {"all": {"ctr": {"versus": {"full_share": gain}}, "cvr": {"versus": {}}}},
    }


def found_over(worlds: dict[str, dict[str, Any]]) -> dict[str, Any]:
    [found] = against_conflict(worlds, 0.95).values()
    return dict(found)


def test_slope_is_the_change_from_agreeing_to_unrelated_tasks() -> None:
    worlds = {
        "b": world(0.5, [0.5, 0.6], [0.03, 0.05]),
        "a": world(0.0, [0.8, 0.9], [0.01, 0.01]),
    }
    found = found_over(worlds)
    overlap = found["overlap"]["ctr/cvr"]
    assert [point["world"] for point in overlap["points"]] == ["a", "b"]
    assert overlap["slope"]["mean"] == pytest.approx(-0.3)
    assert overlap["slope"]["high"] < 0
    assert found["gain"]["ctr"]["slope"]["mean"] == pytest.approx(0.03)
    assert "cvr" not in found["gain"]


def test_opposite_tasks_are_no_further_apart_than_agreeing_ones() -> None:
    assert [apart(conflict) for conflict in (0, 0.5, 1)] == pytest.approx([0, 1, 0])
    assert apart(1 / 3) == pytest.approx(0.5)
    worlds = {"a": world(0.0, [0.8], [0]), "b": world(1.0, [0.7], [0])}
    assert "slope" not in found_over(worlds)["overlap"]["ctr/cvr"]


def test_overlap_is_also_told_less_that_of_random_masks() -> None:
    found = found_over({"a": world(0.0, [0.8, 0.9], [0, 0])})
    point = found["beyond_chance"]["ctr/cvr"]["points"][0]
    assert list(point["by_seed"].values()) == pytest.approx([0.8 - 1 / 3, 0.9 - 1 / 3])


def test_slopes_need_two_levels_and_intervals_two_seeds() -> None:
    one = found_over({"a": world(0.0, [0.8], [0.1])})
    assert "slope" not in one["overlap"]["ctr/cvr"]
    worlds = {"a": world(0.0, [0.8], [0.1]), "b": world(0.5, [0.7], [0.1])}
    assert set(found_over(worlds)["overlap"]["ctr/cvr"]["slope"]) == {"mean"}


def test_only_seeds_of_every_world_are_fitted() -> None:
    worlds = {"a": world(0.0, [0.8, 0.1], [0, 0]), "b": world(0.5, [0.6], [0])}
    slope = found_over(worlds)["overlap"]["ctr/cvr"]["slope"]
    assert slope["mean"] == pytest.approx(-0.2)


def test_each_group_of_worlds_has_a_line_of_its_own() -> None:
    worlds = {
        "a": world(0.0, [0.8], [0.0], "wide"),
        "b": world(0.5, [0.5], [0.0], "wide"),
        "c": world(0.0, [0.3], [0.0], "narrow"),
        "d": world(0.5, [0.4], [0.0], "narrow"),
    }
    found = against_conflict(worlds, 0.95)
    slopes = {name: lines["overlap"]["ctr/cvr"]["slope"]["mean"] for name, lines in found.items()}
    assert slopes == pytest.approx({"wide": -0.3, "narrow": 0.1})
