from __future__ import annotations

import pytest
import torch

from lt4rec_core.config import Prune, from_mapping
from lt4rec_core.pruning.magnitude import prune
from lt4rec_core.pruning.mask import dense
from lt4rec_core.pruning.saliency import SALIENCIES

START = torch.tensor([0.1, 2.0, -3.0, 0.5])
TRAINED = torch.tensor([0.9, 2.1, -3.2, -0.4])
SQUARES = torch.tensor([0.0, 4.0, 1.0, 9.0])


def scores_of(saliency: str) -> torch.Tensor:
    given = {"trained": {"w": TRAINED}, "start": {"w": START}, "squares": {"w": SQUARES}}
    return SALIENCIES[saliency](**given)["w"]


@pytest.mark.parametrize(
    ("saliency", "kept"),
    [
        ("magnitude", [False, True, True, False]),
        ("movement", [True, False, False, True]),
        ("fisher", [False, True, True, False]),
        ("fisher_movement", [False, False, True, True]),
    ],
)
def test_what_is_salient_is_kept(saliency: str, kept: list[bool]) -> None:
    scores = {"w": scores_of(saliency)}
    assert prune(scores, dense(scores), 2).tensors["w"].tolist() == kept


def test_fisher_is_the_loss_that_a_cut_adds_where_the_loss_is_quadratic() -> None:
    """L(w) = sum F (w - optimum)² / 2, seen from its optimum."""
    added = SQUARES * TRAINED.square() / 2
    assert torch.allclose(scores_of("fisher").square() / 2, added)


def test_a_connection_without_gradients_goes_first_by_fisher_however_large() -> None:
    assert scores_of("fisher")[0] == scores_of("fisher_movement")[0] == 0


def test_saliencies_leave_the_weights_alone() -> None:
    before = TRAINED.clone(), START.clone(), SQUARES.clone()
    for saliency in SALIENCIES:
        scores_of(saliency)
    assert all(map(torch.equal, before, (TRAINED, START, SQUARES)))


@pytest.mark.parametrize("saliency", SALIENCIES)
def test_every_saliency_can_be_configured(saliency: str) -> None:
    fields = [{"name": "user_id"}]
    settings = from_mapping({"fields": fields, "prune": {"saliency": saliency}}).prune
    assert settings == Prune(saliency=saliency)
