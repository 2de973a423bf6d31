"""What is computed once for a request says what it would say row by row."""

from __future__ import annotations

from itertools import chain

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from lt4rec_core.ranking.compact import compact
from lt4rec_core.ranking.heads import Heads, predict
from lt4rec_core.ranking.layout import Field, RankingLayout, Table
from lt4rec_core.ranking.look_up import look_up, look_up_mean

TASKS = ("ctr", "cvr")


@st.composite
def requests(draw):
    """Heads of 2 to 5 fields, their embeddings, and the fields that all rows agree in."""
    fields = draw(st.integers(2, 5))
    names = "abcde"[:fields]
    layout = RankingLayout(
        fields=tuple(Field(name, name, "t") for name in names),
        tables=(Table("t", "categorical", 4, oov_buckets=1),),
        embedding_dim=3,
        hidden=draw(st.sampled_from([(), (5,), (6, 4)])),
        crossing=draw(st.sampled_from(["full", "half"])),
        tasks=TASKS,
        exponents={},
        length=None,
    )
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    density = draw(st.sampled_from([0.1, 0.5, 1.0]))
    tensors = {
        name: np.where(rng.random(shape) < density, rng.standard_normal(shape), 0)
        for name, shape in layout.shapes.items()
    }
    tensors = {name: values.astype(np.float32) for name, values in tensors.items()}
    known = draw(st.lists(st.booleans(), min_size=fields, max_size=fields))
    found = [rng.standard_normal((1 if same else 7, 3)).astype(np.float32) for same in known]
    return Heads.of(*compact(layout, tensors)), found


@given(requests())
def test_fields_that_all_rows_agree_in_are_computed_once_with_the_same_predictions(asked):
    heads, found = asked
    whole_BFD = np.stack([np.broadcast_to(values, (7, 3)) for values in found], axis=1)
    expected = heads.predict(whole_BFD)
    for task, values in predict(heads, found, 7).items():
        np.testing.assert_allclose(values, expected[task], rtol=0, atol=1e-5)


@given(requests())
def test_heads_of_a_request_multiply_by_nothing_but_what_is_open(asked):
    heads, found = asked
    known_F = np.array([len(values) == 1 for values in found])
    assume(not known_F.all())
    given_heads = heads.given(known_F, np.stack([values[0] for values in found]))
    open_fields = int((~known_F).sum())
    products = len(given_heads.first.left_P)
    assert given_heads.first.fields == open_fields
    assert products <= open_fields * (open_fields + 1) // 2
    assert given_heads.first.weight_IO.shape[0] == products + 3 * open_fields


@given(
    st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=3), min_size=0, max_size=4),
    st.booleans(),
)
def test_looking_up_says_one_row_exactly_where_all_rows_agree(rows, alike):
    rows = [rows[0]] * len(rows) if alike and rows else rows
    table_RD = np.arange(8, dtype=np.float32).reshape(4, 2) ** 2
    starts = np.cumsum([0, *map(len, rows[:-1])]) if rows else np.array([], np.int64)
    found = look_up_mean(table_RD, np.array(list(chain(*rows)), np.int64), starts)
    expected = np.array([table_RD[row].mean(0) for row in rows]).reshape(-1, 2)
    assert len(found) == (1 if rows and rows.count(rows[0]) == len(rows) else len(rows))
    np.testing.assert_allclose(np.broadcast_to(found, expected.shape), expected, rtol=1e-6)
    single = look_up(table_RD, np.array([row[0] for row in rows], np.int64))
    firsts = np.array([table_RD[row[0]] for row in rows]).reshape(-1, 2)
    np.testing.assert_array_equal(np.broadcast_to(single, firsts.shape), firsts)
