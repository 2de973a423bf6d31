from __future__ import annotations

import torch

from lt4rec_core.pruning.magnitude import prune
from lt4rec_core.pruning.mask import dense
from lt4rec_core.pruning.saliency import SALIENCIES

START = {"w": torch.tensor([0.1, 2.0, -3.0, 0.5])}
TRAINED = {"w": torch.tensor([0.9, 2.1, -3.2, -0.4])}


def kept(saliency: str, keep: int) -> list[bool]:
    scores = SALIENCIES[saliency](TRAINED, START)
    return prune(scores, dense(TRAINED), keep).tensors["w"].tolist()


def test_magnitude_keeps_the_largest_weights_wherever_they_came_from() -> None:
    assert kept("magnitude", 2) == [False, True, True, False]


def test_movement_keeps_what_training_moved_most_either_way() -> None:
    assert kept("movement", 2) == [True, False, False, True]


def test_saliencies_leave_the_weights_alone() -> None:
    for saliency in SALIENCIES.values():
        saliency(TRAINED, START)
    assert TRAINED["w"].tolist() == torch.tensor([0.9, 2.1, -3.2, -0.4]).tolist()
