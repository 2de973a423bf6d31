"""What a head says doesn't depend on whether its dead parts are still there."""

from __future__ import annotations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from lt4rec_core.ranking.compact import compact, without_dead_neurons
from lt4rec_core.ranking.heads import Heads
from lt4rec_core.ranking.layout import EMBEDDINGS, Field, RankingLayout, Table, head

FILES = {"model.safetensors": "", "vocabulary/t.json": ""}
TASKS = ("ctr", "cvr", "like")


def layout_of(crossing: str, hidden: tuple[int, ...]) -> RankingLayout:
    return RankingLayout(
        fields=tuple(Field(name, name, "t") for name in "abc"),
        tables=(Table("t", "categorical", 4, oov_buckets=1),),
        embedding_dim=2,
        hidden=hidden,
        crossing=crossing,
        tasks=TASKS,
        exponents={},
        length=None,
    )


def drawn(layout: RankingLayout, density: float, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    tensors = {EMBEDDINGS: rng.standard_normal((4, 2)).astype(np.float32)}
    for name, shape in layout.shapes.items():
        if name != EMBEDDINGS:
            kept = rng.random(shape) < (density if name.endswith("weight") else 1.0)
            tensors[name] = np.where(kept, rng.standard_normal(shape), 0).astype(np.float32)
    return tensors


def plainly(layout: RankingLayout, tensors: dict[str, np.ndarray], x_BFD: np.ndarray) -> dict:
    products = np.einsum("bid,bjd->bij", x_BFD, x_BFD)
    rows, columns = np.tril_indices(3)
    crossed = products[:, rows, columns] if layout.crossing == "half" else products.reshape(-1, 9)
    said = {}
    for task in layout.tasks:
        value = np.concatenate([crossed, x_BFD.reshape(len(x_BFD), -1)], axis=1)
        for layer in range(len(layout.hidden) + 1):
            value = np.maximum(value, 0) if layer else value
            weight, bias = (tensors[head(task, layer, part)] for part in ("weight", "bias"))
            value = value @ weight.T + bias
        said[task] = np.exp(-np.logaddexp(0, -value[:, 0]))  # never overflows
    return said


@given(
    st.sampled_from(["full", "half"]),
    st.sampled_from([(), (5,), (6, 4), (4, 3, 2)]),
    st.sampled_from([0.0, 0.1, 0.3, 1.0]),
    st.integers(0, 1000),
)
@example("half", (6, 4), 1.0, 256)  # a logit of -97
def test_heads_say_the_same_without_their_dead_parts(crossing, hidden, density, seed):
    layout = layout_of(crossing, hidden)
    tensors = drawn(layout, density, seed)
    x_BFD = np.random.default_rng(seed).standard_normal((7, 3, 2)).astype(np.float32)
    small_layout, small = compact(layout, tensors)
    assert {name: values.shape for name, values in small.items()} == small_layout.shapes
    assert RankingLayout.from_json(small_layout.to_json(FILES))[0] == small_layout
    said = Heads.of(small_layout, small).predict(x_BFD)
    for task, expected in plainly(layout, tensors, x_BFD).items():
        np.testing.assert_allclose(said[task], expected, rtol=0, atol=1e-5)


def test_a_neuron_without_inputs_goes_into_the_next_bias():
    ones = np.ones(1, np.float32)
    layers = [
        (np.array([[1, 0], [0, 0]], np.float32), np.array([0, 2], np.float32)),
        (np.array([[3, 5]], np.float32), ones),
    ]
    (first, _), (second, bias) = without_dead_neurons(layers)
    assert first.tolist() == [[1, 0]]
    assert (second.tolist(), bias.tolist()) == ([[3]], [11])


def test_a_neuron_that_nobody_hears_takes_those_that_only_it_heard_with_it():
    layers = [
        (np.ones((2, 2), np.float32), np.zeros(2, np.float32)),
        (np.array([[1, 0], [0, 1]], np.float32), np.zeros(2, np.float32)),
        (np.array([[1, 0]], np.float32), np.zeros(1, np.float32)),
    ]
    assert [weight.shape for weight, _ in without_dead_neurons(layers)] == [(1, 2), (1, 1), (1, 1)]


def test_an_input_that_no_head_reads_is_dropped_and_one_that_one_reads_is_not():
    layout = layout_of("half", (2,))
    tensors = drawn(layout, 1.0, 0)
    for task in TASKS:
        tensors[head(task, 0, "weight")][:, 0] = 0
    tensors[head("ctr", 0, "weight")][:, 1] = 0
    small_layout, small = compact(layout, tensors)
    assert small_layout.kept == tuple(range(1, layout.inputs))
    assert small[head("cvr", 0, "weight")].shape == (2, layout.inputs - 1)
