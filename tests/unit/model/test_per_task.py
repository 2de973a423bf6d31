from __future__ import annotations

import pytest
import torch
from torch import nn

from lt4rec_core.config import Model
from lt4rec_core.data.layout import Layout
from lt4rec_core.model.per_task import PerTask
from lt4rec_core.model.sharing.registry import SHARING, build


def test_modules_are_found_and_named_by_task() -> None:
    modules = PerTask({"forward": nn.Linear(1, 1), "keys": nn.Linear(1, 1)})
    assert [name for name, _ in modules.named_children()] == ["forward", "keys"]
    assert set(modules.state_dict()) == {
        f"{task}.{part}" for task in ("forward", "keys") for part in ("weight", "bias")
    }


@pytest.mark.parametrize("arm", [arm for arm in SHARING if arm != "single_task"])
def test_a_task_may_be_called_like_a_method_of_a_module(
    arm: str, layout: Layout, small_model: Model, make_samples
) -> None:
    names = ("ctr", "forward", "keys")
    net = build(arm, layout, small_model, names, torch.Generator().manual_seed(0))
    logits = net(make_samples(4).batch(torch.arange(4)), names, {})
    assert set(logits) == set(names)
