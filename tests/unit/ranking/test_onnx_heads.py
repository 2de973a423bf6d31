"""The ONNX graph says what the heads say."""

import builtins

import numpy as np
import onnx
import pytest
import torch
from onnx.reference import ReferenceEvaluator

from lt4rec_core.errors import ConfigError
from lt4rec_core.ranking.onnx_heads import onnx_heads
from lt4rec_core.ranking.scorer import Scorer


@pytest.fixture
def heads_of(save):
    return lambda layout, network, masks=None: Scorer.load(save(layout, network, masks)).heads


def drawn(rows):
    return np.random.default_rng(0).normal(size=(rows, 3, 4)).astype(np.float32)


@pytest.mark.parametrize("crossing", ["full", "half"])
@pytest.mark.parametrize("hidden", [(8, 5), (6,), ()])
@pytest.mark.parametrize("tasks", [("ctr", "cvr"), ("ctr", "cvr", "like")])
def test_the_graph_predicts_what_the_heads_predict(
    make_layout, make_network, make_masks, heads_of, crossing, hidden, tasks
):
    layout = make_layout(crossing=crossing, hidden=hidden, tasks=tasks)
    network = make_network(layout)
    heads = heads_of(layout, network, make_masks(network))
    graph = ReferenceEvaluator(onnx.load_from_string(onnx_heads(layout, heads)))
    expected = heads.predict(drawn(7))
    found = graph.run([f"p{task}" for task in tasks], {"embeddings": drawn(7)})
    for task, values in zip(tasks, found, strict=True):
        np.testing.assert_allclose(values, expected[task], rtol=0, atol=1e-6)


def test_what_pruning_left_dead_is_not_in_the_graph(make_layout, make_network, heads_of):
    layout = make_layout()
    network = make_network(layout)
    first = torch.zeros(network.over[0].weight.shape, dtype=torch.bool)
    first[:2, 3] = True  # two neurons hear one input
    masks = {task: {"over.0.weight": first} for task in layout.tasks}
    heads = heads_of(layout, network, masks)
    graph = onnx.load_from_string(onnx_heads(layout, heads)).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    assert shapes["first.weight"] == (1, 2 * len(layout.tasks))
    found = ReferenceEvaluator(onnx.load_from_string(onnx_heads(layout, heads))).run(
        ["pctr"], {"embeddings": drawn(5)}
    )
    np.testing.assert_allclose(found[0], heads.predict(drawn(5))["ctr"], atol=1e-6)


def test_the_same_heads_make_the_same_bytes(make_layout, make_network, heads_of):
    layout = make_layout()
    heads = heads_of(layout, make_network(layout))
    assert onnx_heads(layout, heads) == onnx_heads(layout, heads)


def test_without_the_package_it_says_what_to_install(
    make_layout, make_network, heads_of, monkeypatch
):
    layout = make_layout()
    heads = heads_of(layout, make_network(layout))
    real = builtins.__import__

    def without_onnx(name, *arguments, **named):
        if name == "onnx":
            raise ImportError(name)
        return real(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without_onnx)
    with pytest.raises(ConfigError, match=r"lt4rec\[onnx\]"):
        onnx_heads(layout, heads)
