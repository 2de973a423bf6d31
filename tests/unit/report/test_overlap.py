import numpy as np
import pytest
from safetensors.numpy import save_file

from lt4rec_core.report.overlap import ALL_LAYERS, MASK_FILE, by_chance, measure, measure_folders

CTR = {"a": np.array([[1, 1, 0, 0]], bool), "b": np.array([[1]], bool)}
CVR = {"a": np.array([[0, 1, 1, 0]], bool), "b": np.array([[0]], bool)}


def test_counts_what_one_both_and_neither_keep():
    layer = measure({"ctr": CTR, "cvr": CVR})["layers"][0]
    assert layer == {
        "name": "a",
        "size": 4,
        "sizes": {"ctr": 4, "cvr": 4},
        "kept": {"ctr": 2, "cvr": 2},
        "pairs": [["ctr", "cvr", 1, 3]],
        "neither": 1,
    }


def test_the_last_layer_is_all_of_them():
    total = measure({"ctr": CTR, "cvr": CVR})["layers"][-1]
    assert total["name"] == ALL_LAYERS
    assert total["size"] == 5
    assert total["kept"] == {"ctr": 3, "cvr": 2}
    assert total["pairs"] == [["ctr", "cvr", 1, 4]]


def test_a_weight_of_one_task_only_is_not_shared():
    layers = measure({"ctr": CTR, "cvr": {"a": CVR["a"]}})["layers"]
    assert layers[1]["pairs"] == [["ctr", "cvr", 0, 1]]
    assert layers[1]["kept"] == {"ctr": 1}
    assert layers[-1]["sizes"] == {"ctr": 5, "cvr": 4}


def test_layers_stand_from_input_to_output():
    names = ["output.weight", "over.10.weight", "over.2.weight"]
    found = measure({"ctr": {name: np.ones((1, 1), bool) for name in names}})
    assert [layer["name"] for layer in found["layers"]] == [
        "over.2.weight",
        "over.10.weight",
        "output.weight",
        ALL_LAYERS,
    ]


@pytest.mark.parametrize("tasks", [1, 3, 4])
def test_any_number_of_tasks(tasks):
    found = measure({f"t{place}": CTR for place in range(tasks)})
    assert len(found["layers"][0]["pairs"]) == tasks * (tasks - 1) // 2


def test_reads_saved_masks(tmp_path):
    for task, mask in (("ctr", CTR), ("cvr", CVR)):
        (tmp_path / task).mkdir()
        save_file(mask, tmp_path / task / MASK_FILE)
    folders = {task: tmp_path / task for task in ("ctr", "cvr")}
    assert measure_folders(folders) == measure({"ctr": CTR, "cvr": CVR})


def test_independent_masks_share_what_chance_says():
    assert by_chance(1.0, 1.0) == 1.0
    assert by_chance(0.5, 0.5) == pytest.approx(0.25 / 0.75)
    assert by_chance(0.0, 0.5) == 0.0
