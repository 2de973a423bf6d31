from __future__ import annotations

import dataclasses

import pytest

from lt4rec_core.data.features import FeatureMap, FieldMap, TableMap
from lt4rec_core.errors import ArtifactError

FEATURES = FeatureMap(
    fields=(
        FieldMap("user", "user_id", "single", "user", "categorical"),
        FieldMap("age", "age", "single", "age", "numeric"),
    ),
    tables=(
        TableMap("user", "categorical", 20, 16, vocabulary_digest="abc"),
        TableMap("age", "numeric", 4, boundaries=(0.1, 1e9)),
    ),
)


def test_json_gives_the_same_map_back() -> None:
    assert FeatureMap.from_json(FEATURES.to_json()) == FEATURES
    assert FeatureMap.from_json(FEATURES.to_json()).digest == FEATURES.digest


def test_tables_of_one_size_with_other_ids_have_another_digest() -> None:
    other = dataclasses.replace(FEATURES.tables[0], vocabulary_digest="abd")
    changed = dataclasses.replace(FEATURES, tables=(other, FEATURES.tables[1]))
    assert changed.digest != FEATURES.digest


def test_a_table_is_found_by_name() -> None:
    assert FEATURES.table("age").boundaries == (0.1, 1e9)
    with pytest.raises(KeyError):
        FEATURES.table("other")


@pytest.mark.parametrize("size", [3, 5, 2**63])
def test_a_numeric_table_is_as_large_as_its_buckets(size: int) -> None:
    other = dataclasses.replace(FEATURES.tables[1], size=size)
    changed = dataclasses.replace(FEATURES, tables=(FEATURES.tables[0], other))
    with pytest.raises(ArtifactError, match="4 are reserved"):
        FeatureMap.from_json(changed.to_json())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "fields": 3}'])
def test_what_is_not_a_feature_map_is_refused(text: str) -> None:
    with pytest.raises(ArtifactError):
        FeatureMap.from_json(text)
