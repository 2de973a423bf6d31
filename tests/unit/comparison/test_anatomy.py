from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from lt4rec_core.comparison.anatomy import (
    crossing_columns,
    dissect,
    embedding_columns,
    owners,
    shares,
    taken_over,
)
from lt4rec_core.errors import ArtifactError
from lt4rec_core.model.interaction import interact, interaction_size

FIELDS = ("user", "item")
# Inputs with "full": user × user, user × item, item × user, item × item, user, item (D = 1).
CTR = np.array([[1, 1, 0, 0, 1, 0], [1, 0, 0, 0, 0, 0]], dtype=bool)
CVR = np.array([[1, 0, 1, 0, 0, 1], [1, 0, 0, 0, 0, 0]], dtype=bool)
MASKS = {"ctr": {"over.0.weight": CTR}, "cvr": {"over.0.weight": CVR}}


def test_shares_of_a_layer_are_those_counted_by_hand() -> None:
    layer = dissect(MASKS, FIELDS, 1, "full")["layers"]["over.0.weight"]
    assert layer == pytest.approx({"ctr/cvr": 2 / 12, "ctr": 2 / 12, "cvr": 2 / 12, "": 6 / 12})


def test_crossings_put_both_orders_of_a_pair_together() -> None:
    crossings = dissect(MASKS, FIELDS, 1, "full")["crossings"]
    assert crossings["user × user"] == {"ctr/cvr": 1.0}
    assert crossings["user × item"] == pytest.approx({"ctr": 0.25, "cvr": 0.25, "": 0.5})
    assert crossings["item × item"] == {"": 1.0}


def test_fields_are_their_embeddings_columns() -> None:
    fields = dissect(MASKS, FIELDS, 1, "full")["fields"]
    assert fields == {"user": {"ctr": 0.5, "": 0.5}, "item": {"cvr": 0.5, "": 0.5}}


def test_taken_over_is_a_share_of_the_first_tasks_connections() -> None:
    found = {"ctr/cvr": 0.1, "ctr": 0.3, "cvr": 0.2, "": 0.4}
    assert taken_over(found, "ctr", "cvr") == pytest.approx((0.25, 0.3))
    assert taken_over(found, "cvr", "ctr") == pytest.approx((1 / 3, 0.4))
    assert taken_over({"cvr": 1.0}, "ctr", "cvr") is None


def test_an_output_layer_of_its_own_is_private() -> None:
    masks = {"ctr": {"output.ctr.weight": CTR}, "cvr": {"output.cvr.weight": CVR}}
    layers = dissect(masks, FIELDS, 1, "full")["layers"]
    assert set(layers["output.ctr.weight"]) == {"ctr", ""}
    assert layers["all layers"] == pytest.approx({"ctr": 4 / 24, "cvr": 4 / 24, "": 16 / 24})


def test_a_mask_of_another_network_is_refused() -> None:
    with pytest.raises(ArtifactError, match="6 inputs"):
        dissect(MASKS, FIELDS, 2, "full")


@pytest.mark.parametrize("crossing", ["full", "half"])
@pytest.mark.parametrize("one", range(3))
def test_columns_are_where_the_network_puts_them(one: int, crossing: str) -> None:
    fields, dim = ("a", "b", "c"), 2
    x_BFD = torch.zeros(1, 3, dim)
    x_BFD[0, one] = 1.0
    x_BFD[0, 1] += 2.0  # b meets every field
    filled = set(interact(x_BFD, crossing)[0].nonzero().flatten().tolist())
    alive = {"b", fields[one]}
    expected = {
        int(column)
        for pair, columns in crossing_columns(fields, crossing).items()
        for column in columns
        if set(pair) <= alive
    } | {int(c) for name in alive for c in embedding_columns(fields, dim, crossing)[name]}
    assert filled == expected


@given(st.integers(1, 5), st.integers(1, 4), st.sampled_from(["full", "half"]))
def test_every_input_belongs_to_one_field_or_one_crossing(f: int, dim: int, crossing: str) -> None:
    fields = [f"field{place}" for place in range(f)]
    parts = (embedding_columns(fields, dim, crossing), crossing_columns(fields, crossing))
    columns = np.concatenate([own for part in parts for own in part.values()])
    assert sorted(columns) == list(range(interaction_size(f, dim, crossing)))


@given(
    st.integers(1, 4).flatmap(lambda n: st.lists(hnp.arrays(bool, (3, 4)), min_size=n, max_size=n))
)
def test_shares_of_a_partition_sum_to_one(kept: list[np.ndarray]) -> None:
    masks = {f"t{place}": {"over.1.weight": mask} for place, mask in enumerate(kept)}
    found = shares(owners(masks)["over.1.weight"], list(masks))
    assert sum(found.values()) == pytest.approx(1.0)
    for task, mask in masks.items():
        own = sum(share for names, share in found.items() if task in names.split("/"))
        assert own == pytest.approx(mask["over.1.weight"].mean())
