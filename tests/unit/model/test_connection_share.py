from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch

from lt4rec_core.config import Model
from lt4rec_core.data.layout import Layout
from lt4rec_core.data.samples import Samples
from lt4rec_core.errors import ConfigError
from lt4rec_core.model.interaction import interact, interaction_size
from lt4rec_core.model.network import Network
from lt4rec_core.model.sharing.registry import build
from lt4rec_core.pruning.magnitude import prune
from lt4rec_core.pruning.mask import Mask, dense

Make = Callable[..., Samples]
TASKS = ["ctr", "cvr"]


def network(layout: Layout, model: Model) -> Network:
    return build("connection_share", layout, model, TASKS, torch.Generator().manual_seed(0))


def halved(net: Network, task: str) -> Mask:
    weights = net.prunable(task)
    return prune(weights, dense(weights), dense(weights).total // 2)


def test_the_paper_s_network_has_1680_inputs() -> None:
    assert interaction_size(20, 64, "full") == 1680
    assert interaction_size(20, 64, "half") == 210 + 1280


def test_crossing_holds_every_dot_product_and_the_embeddings() -> None:
    x_BFD = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    assert interact(x_BFD, "full").tolist() == [[5, 11, 11, 25, 1, 2, 3, 4]]
    assert interact(x_BFD, "half").tolist() == [[5, 11, 25, 1, 2, 3, 4]]


def test_several_values_are_mean_pooled(
    layout: Layout, small_model: Model, make_samples: Make
) -> None:
    net, samples = network(layout, small_model), make_samples(10)
    x_BFD = net.embeddings(samples.batch(torch.arange(10)))
    for row in range(10):
        ids = samples.ids[samples.starts[row] + 1 : samples.starts[row + 1] - 1].long()
        expected = net.embeddings.weight[ids].mean(0)
        torch.testing.assert_close(x_BFD[row, 1], expected)


@pytest.mark.parametrize("output", ["shared", "owned"])
def test_a_mask_sees_the_network_with_folded_weights(
    output: str, layout: Layout, small_model: Model, make_samples: Make
) -> None:
    model = replace(small_model, output=output)
    net, folded = network(layout, model), network(layout, model)
    batch = make_samples(10).batch(torch.arange(10))
    mask = halved(net, "ctr")
    weights = net.state_dict()
    weights |= {name: weights[name] * kept for name, kept in mask.tensors.items()}
    folded.load_state_dict(weights)
    seen = net(batch, ["ctr"], {"ctr": mask.tensors})["ctr"]
    torch.testing.assert_close(seen, folded(batch, ["ctr"], {})["ctr"], rtol=0, atol=0)


def test_dense_masks_are_no_masks(layout: Layout, small_model: Model, make_samples: Make) -> None:
    net, batch = network(layout, small_model), make_samples(10).batch(torch.arange(10))
    ones = {task: dense(net.prunable(task)).tensors for task in TASKS}
    masked, plain = net(batch, TASKS, ones), net(batch, TASKS, {})
    assert all(torch.equal(masked[task], plain[task]) for task in TASKS)


def test_forward_changes_no_weight(layout: Layout, small_model: Model, make_samples: Make) -> None:
    net, batch = network(layout, small_model), make_samples(10).batch(torch.arange(10))
    before = {name: weight.clone() for name, weight in net.state_dict().items()}
    net(batch, TASKS, {"ctr": halved(net, "ctr").tensors})
    assert all(torch.equal(before[name], weight) for name, weight in net.state_dict().items())


def test_the_gradient_outside_the_mask_is_exactly_zero(
    layout: Layout, small_model: Model, make_samples: Make
) -> None:
    net, batch = network(layout, small_model), make_samples(10).batch(torch.arange(10))
    mask = halved(net, "ctr")
    net(batch, ["ctr"], {"ctr": mask.tensors})["ctr"].sum().backward()
    gradients = {name: parameter.grad for name, parameter in net.named_parameters()}
    for name, kept in mask.tensors.items():
        gradient = gradients[name]
        assert gradient is not None
        assert not gradient[~kept].any()


def test_biases_and_embeddings_are_not_prunable(layout: Layout, small_model: Model) -> None:
    names = set(network(layout, small_model).prunable("ctr"))
    assert names == {"over.0.weight", "over.1.weight", "output.weight"}


def test_prunable_layers_can_be_chosen(layout: Layout, small_model: Model) -> None:
    net = network(layout, replace(small_model, prunable=("over.1.weight",)))
    assert set(net.prunable("ctr")) == {"over.1.weight"}


def test_a_pattern_that_names_no_weight_is_refused(layout: Layout, small_model: Model) -> None:
    with pytest.raises(ConfigError, match=r"matches no weight.*over\.0\.weight"):
        network(layout, replace(small_model, prunable=("tower.*",)))


def test_an_unknown_sharing_method_is_refused(layout: Layout, small_model: Model) -> None:
    with pytest.raises(ConfigError, match="known are"):
        build("wish", layout, small_model, TASKS, torch.Generator())


def test_single_task_refuses_two_tasks(layout: Layout, small_model: Model) -> None:
    with pytest.raises(ConfigError, match="one task a network"):
        build("single_task", layout, small_model, TASKS, torch.Generator())
