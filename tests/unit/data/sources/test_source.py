from __future__ import annotations

import pytest

from lt4rec_core.config import FeatureField
from lt4rec_core.data.sources import Columns
from lt4rec_core.errors import ConfigError


def test_columns_come_from_fields_and_slices_once_each():
    fields = (
        FeatureField(name="user", column="user_id"),
        FeatureField(name="tags", values="multi", separator=";"),
        FeatureField(name="age", kind="numeric"),
    )
    columns = Columns.of(fields, ("tab", "user_id", "age", "known.user"))
    assert columns == Columns(("user_id", "tab"), {"tags": ";"}, ("age",))
    assert columns.names == ("user_id", "tab", "tags", "age")


def test_a_column_read_in_two_ways_is_refused():
    fields = (FeatureField(name="age"), FeatureField(name="years", column="age", kind="numeric"))
    with pytest.raises(ConfigError, match="'years' reads the column 'age' as numeric"):
        Columns.of(fields)


def test_a_column_named_like_one_of_the_datasets_own_is_refused():
    with pytest.raises(ConfigError, match="raw column 'time' has the name"):
        Columns.of((FeatureField(name="hour", column="time"),))
