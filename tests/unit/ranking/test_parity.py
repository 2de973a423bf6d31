"""Raw features → scores equal the training code's to 1e-6 (issue: registration)."""

import numpy as np
import pytest
import torch

from lt4rec_core.data.batch import Batch
from lt4rec_core.ranking.scorer import Scorer

ROWS = {
    "user_id": ["u1", "ü3", None, "u2", ""],
    "tags": [["red", "blue"], ["a\nb"], [], None, ["red", "red", "blue"]],
    "age": [17.0, 18.0, float("nan"), 40.0, None],
    "length": [4.0, 9.0, None, 1.0, 0.0],
}
# Rows of the stacked matrix, worked out by hand: offsets 0, 6 and 12.
ENCODED = [
    [[3], [9, 10], [13]],
    [[5], [11], [14]],
    [[0], [6], [12]],
    [[4], [6], [15]],
    [[0], [9, 9, 10], [12]],
]


def network_scores(network, masks):
    flat = [ids for row in ENCODED for ids in row]
    starts = np.cumsum([0] + [len(ids) for ids in flat[:-1]])
    batch = Batch(
        torch.tensor([row for ids in flat for row in ids]),
        torch.as_tensor(starts),
        {},
        len(ENCODED),
    )
    with torch.no_grad():
        logits = network(batch, ("ctr", "cvr"), masks)
    return {task: torch.sigmoid(values).numpy() for task, values in logits.items()}


@pytest.mark.parametrize("crossing", ["full", "half"])
@pytest.mark.parametrize("output", ["shared", "owned"])
@pytest.mark.parametrize("hidden", [(8, 5), (6,), ()])
def test_raw_rows_score_as_the_training_code_scores_them(
    make_layout, make_network, make_masks, save, crossing, output, hidden
):
    layout = make_layout(crossing=crossing, hidden=hidden)
    network = make_network(layout, output)
    masks = make_masks(network)
    scores = Scorer.load(save(layout, network, masks)).score(ROWS)
    for task, expected in network_scores(network, masks).items():
        np.testing.assert_allclose(scores[f"p{task}"], expected, rtol=0, atol=1e-6)


def test_the_rank_score_multiplies_powers_of_predictions_and_length(
    make_layout, make_network, save
):
    layout = make_layout()
    scores = Scorer.load(save(layout, make_network(layout))).score(ROWS)
    seconds = np.array([4.0, 9.0, 9.0, 1.0, 9.0])
    expected = scores["pctr"] * scores["pcvr"].astype(float) ** 2 * seconds**0.5
    np.testing.assert_allclose(scores["rank_score"], expected, rtol=1e-6)


def test_the_rank_score_takes_any_number_of_tasks(make_layout, make_network, save):
    tasks, exponents = ("ctr", "cvr", "forward"), {"ctr": 1.0, "cvr": 2.0, "forward": 0.1}
    layout = make_layout(tasks=tasks, exponents=exponents, length=None)
    scores = Scorer.load(save(layout, make_network(layout))).score(ROWS)
    expected = np.prod([scores[f"p{t}"].astype(float) ** exponents[t] for t in tasks], axis=0)
    np.testing.assert_allclose(scores["rank_score"], expected, rtol=1e-6)


def test_a_task_without_an_exponent_leaves_the_rank_score_alone(make_layout, make_network, save):
    layout = make_layout(exponents={"cvr": 1.0}, length=None)
    scorer = Scorer.load(save(layout, make_network(layout)))
    scores = scorer.score({name: ROWS[name] for name in scorer.columns})
    assert "length" not in scorer.columns
    np.testing.assert_allclose(scores["rank_score"], scores["pcvr"], rtol=1e-6)


def test_the_masks_make_the_heads_differ(make_layout, make_network, make_masks, save):
    layout = make_layout()
    network = make_network(layout)
    scores = Scorer.load(save(layout, network, make_masks(network))).score(ROWS)
    assert not np.allclose(scores["pctr"], scores["pcvr"])


def test_batches_score_as_single_rows_do(make_layout, make_network, save, monkeypatch):
    layout = make_layout()
    scorer = Scorer.load(save(layout, make_network(layout)))
    whole = scorer.score(ROWS)
    monkeypatch.setattr("lt4rec_core.ranking.scorer._BATCH_ROWS", 2)
    for name, values in scorer.score(ROWS).items():
        np.testing.assert_allclose(values, whole[name], rtol=1e-6)


def test_no_rows_give_no_scores(make_layout, make_network, save):
    layout = make_layout()
    scores = Scorer.load(save(layout, make_network(layout))).score({name: [] for name in ROWS})
    assert {name: len(values) for name, values in scores.items()} == {
        "pctr": 0,
        "pcvr": 0,
        "rank_score": 0,
    }
