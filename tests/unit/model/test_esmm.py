from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest
import torch

from lt4rec_core.config import Model
from lt4rec_core.data.layout import Layout
from lt4rec_core.data.samples import Samples, label_of
from lt4rec_core.errors import ConfigError
from lt4rec_core.model.network import Network
from lt4rec_core.model.sharing.esmm import product
from lt4rec_core.model.sharing.registry import build
from lt4rec_core.tasks import TASKS

Make = Callable[..., Samples]


def network(layout: Layout) -> Network:
    model, names = Model(embedding_dim=4, hidden=(8, 6)), ("ctr", "cvr", "like")
    return build("esmm", layout, model, names, torch.Generator().manual_seed(0))


def test_esmm_learns_the_product_of_both_probabilities(layout: Layout, make_samples: Make) -> None:
    net = network(layout)
    batch = make_samples(20).batch(torch.arange(20))
    logits = net(batch, ["ctr", "cvr", "ctr.cvr"], {})
    p = {name: torch.sigmoid(values) for name, values in logits.items()}
    torch.testing.assert_close(p["ctr.cvr"], p["ctr"] * p["cvr"])


def test_the_product_s_gradient_reaches_both_towers(layout: Layout, make_samples: Make) -> None:
    net = network(layout)
    net(make_samples(20).batch(torch.arange(20)), ["ctr.cvr"], {})["ctr.cvr"].sum().backward()
    for task in ("ctr", "cvr"):
        gradient = net.get_parameter(f"over.{task}.0.weight").grad
        assert gradient is not None
        assert gradient.abs().sum() > 0
    assert net.get_parameter("over.like.0.weight").grad is None


def test_a_product_of_sure_probabilities_stays_finite() -> None:
    sure = torch.tensor([200.0, -200.0, 200.0, 0.0], requires_grad=True)
    other = torch.tensor([200.0, 200.0, -200.0, 0.0])
    logits = product([sure, other])
    logits.sum().backward()
    assert torch.isfinite(logits).all()
    assert sure.grad is not None
    assert torch.isfinite(sure.grad).all()
    assert float(torch.sigmoid(logits[3].detach())) == pytest.approx(0.25)


def test_esmm_s_label_is_the_watch_ratio_and_zero_without_a_click(
    layout: Layout, make_samples: Make
) -> None:
    samples = make_samples(40)
    learned = network(layout).learned({"ctr": TASKS["ctr"], "cvr": TASKS["cvr"]})
    task = learned["ctr.cvr"]
    clicked = samples.labels["click"] == 1
    labels = label_of(task, samples.labels)
    assert list(learned) == ["ctr", "ctr.cvr"]
    assert len(samples.population(task)) == samples.rows
    assert torch.equal(labels[clicked], samples.labels["watch_ratio"][clicked])
    assert not labels[~clicked].any()
    assert samples.labels["watch_ratio"][~clicked].isnan().all(), "the column is left as it was"


def test_esmm_s_products_reach_over_several_steps(layout: Layout) -> None:
    finish = dataclasses.replace(TASKS["cvr"], name="finish", label="end", population="watched")
    watch = dataclasses.replace(TASKS["cvr"], name="watch", label="watched")
    tasks = {"ctr": TASKS["ctr"], "watch": watch, "finish": finish}
    learned = network(layout).learned(tasks)
    assert list(learned) == ["ctr", "ctr.watch", "ctr.watch.finish"]


def test_esmm_refuses_a_condition_that_nothing_predicts(layout: Layout) -> None:
    with pytest.raises(ConfigError, match="needs a task whose label is 'click'"):
        network(layout).learned({"cvr": TASKS["cvr"]})
