from __future__ import annotations

import pytest

from lt4rec_core.comparison.result import Result
from lt4rec_core.comparison.sharing import over_seeds, sharing
from lt4rec_core.config import Config


def test_absent_sets_count_as_nothing_in_the_mean() -> None:
    found = over_seeds([{"ctr": 0.5, "": 0.5}, {"ctr/cvr": 1.0}], ["ctr", "cvr"])
    assert found["shares"]["ctr"]["mean"] == 0.25
    assert found["taken"]["ctr"]["cvr"]["mean"] == 0.5
    assert found["taken"]["cvr"]["ctr"] == {"mean": 1.0, "chance": 1.0}


def test_every_pair_of_three_tasks_is_told() -> None:
    taken = over_seeds([{"a/b": 0.5, "c": 0.5}], ["a", "b", "c"])["taken"]
    assert {(one, other) for one in taken for other in taken[one]} == {
        *(("a", "b"), ("b", "a"), ("a", "c")),
        *(("c", "a"), ("b", "c"), ("c", "b")),
    }


def test_masks_of_finished_arms_are_dissected_with_their_fields_names(
    compared: Config, results: list[Result]
) -> None:
    names = [field.name for field in compared.fields]
    found = sharing(results, names)
    assert set(found) == {"connection_share"}
    assert list(found["connection_share"]["fields"]) == names
    masks = [result.record["masks"]["ctr"]["density"] for result in results[2:]]
    whole = found["connection_share"]["layers"]["all layers"]["shares"]
    owned = sum(entry["mean"] for key, entry in whole.items() if "ctr" in key.split("/"))
    weights = 16 * (6 * 6 + 6 * 4) + 8 * 16
    known = (weights + 8) / (weights + 2 * 8)  # the other task's output layer isn't in the mask
    assert owned == pytest.approx(sum(masks) / 2 * known)
