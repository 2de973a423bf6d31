from __future__ import annotations

import dataclasses

import polars as pl
import pytest

from lt4rec_core.config import FeatureField, Ingest, Table
from lt4rec_core.data.encoding import Encoding, fit
from lt4rec_core.errors import ArtifactError
from lt4rec_core.ranking.encode import Lookup, encode_multi, encode_numeric, encode_single
from lt4rec_core.ranking.layout import Field
from lt4rec_core.ranking.layout import Table as RankingTable

SETTINGS = Ingest(min_count=1, oov_buckets=3)
FIELDS = (
    FeatureField(name="user"),
    FeatureField(name="likes", values="multi", table="tag"),
    FeatureField(name="tag", column="t"),
    FeatureField(name="age", kind="numeric", buckets=3),
)
TRAIN = pl.LazyFrame(
    {
        "user": ["a", "b", "a", None],
        "likes": [["x", "y"], [], None, ["y"]],
        "t": ["y", "z", "", None],
        "age": [1.0, 2.0, 3.0, None],
    }
)
LATER = pl.LazyFrame(
    {
        "user": ["c", "a", "", None],
        "likes": [["z", "new", ""], ["x"], [], None],
        "t": ["new", "x", "", None],
        "age": [2.5, 99.0, float("nan"), None],
    }
)


def ids(encoding: Encoding, table: str) -> list[str]:
    return encoding.vocabularies[table]["id"].to_list()


def test_a_shared_table_is_fitted_on_all_its_fields() -> None:
    encoding = fit({"2022-05-01": TRAIN}, FIELDS, SETTINGS)
    assert ids(encoding, "tag") == ["y", "x", "z"]
    assert [table.name for table in encoding.features.tables] == ["user", "tag", "age"]


def test_sizes_count_the_reserved_rows() -> None:
    tables = fit({"2022-05-01": TRAIN}, FIELDS, SETTINGS).features.tables
    assert [table.size for table in tables] == [1 + 3 + 2, 1 + 3 + 3, 1 + 2]
    assert tables[2].boundaries == (2.0,)


def test_a_table_can_have_its_own_floor_cap_and_buckets() -> None:
    settings = Ingest(
        min_count=1, tables={"tag": Table(max_ids=1, oov_buckets=9), "user": Table(min_count=2)}
    )
    encoding = fit({"2022-05-01": TRAIN}, FIELDS, settings)
    assert (ids(encoding, "tag"), ids(encoding, "user")) == (["y"], ["a"])
    assert [table.oov_buckets for table in encoding.features.tables] == [16, 9, 0]


def test_boundaries_that_are_given_are_kept() -> None:
    field = FeatureField(name="age", kind="numeric", boundaries=(10.0, 20.0))
    assert fit({"2022-05-01": TRAIN}, [field], SETTINGS).features.tables[0].boundaries == (
        10.0,
        20.0,
    )


def test_a_base_keeps_indices_and_boundaries() -> None:
    base = fit({"2022-05-01": TRAIN}, FIELDS, SETTINGS)
    later = fit({"2022-05-02": LATER}, FIELDS, SETTINGS, base)
    assert ids(later, "tag")[:3] == ids(base, "tag")
    assert ids(later, "tag")[3:] == ["new"]
    assert later.features.table("age") == base.features.table("age")


def test_a_base_with_other_buckets_does_not_fit() -> None:
    base = fit({"2022-05-01": TRAIN}, FIELDS, SETTINGS)
    with pytest.raises(ArtifactError, match="3 OOV buckets in the base"):
        fit({"2022-05-02": LATER}, FIELDS, dataclasses.replace(SETTINGS, oov_buckets=4), base)


@pytest.mark.parametrize("frame", [TRAIN, LATER], ids=["train", "later"])
def test_a_scorer_without_polars_finds_the_same_indices(frame: pl.LazyFrame) -> None:
    encoding = fit({"2022-05-01": TRAIN}, FIELDS, SETTINGS)
    encoded = encoding.encode(frame).collect()
    age = encoding.features.table("age")
    user, tag = Lookup(ids(encoding, "user"), 3), Lookup(ids(encoding, "tag"), 3)
    single = encode_single(Field("user", "user", "user"), encoded["user"].to_list(), user)
    assert encoded["id.user"].to_list() == single.tolist()
    multi = Field("likes", "likes", "tag", values="multi")
    flat, starts = encode_multi(multi, encoded["likes"].to_list(), tag)
    assert encoded["id.likes"].explode().to_list() == flat.tolist()
    assert encoded["id.likes"].list.len().cum_sum().to_list()[:-1] == starts.tolist()[1:]
    table = RankingTable("age", kind="numeric", size=age.size, boundaries=age.boundaries)
    numeric = encode_numeric(Field("age", "age", "age", kind="numeric"), encoded["age"], table)
    assert encoded["id.age"].to_list() == numeric.tolist()
