"""What counts as missing, and whose bound holds."""

from __future__ import annotations

import polars as pl
import pytest

from lt4rec_core.errors import ConfigError
from lt4rec_core.validation.subject import subject_of

DAY = "2026-01-04"
EMPTY = {
    "tab": pl.lit("").alias("tab"),
    "tags": pl.lit([], dtype=pl.List(pl.String)).alias("tags"),
    "age": pl.lit(float("nan")).alias("age"),
}


@pytest.mark.parametrize("column", EMPTY)
def test_empty_values_count_as_missing(draft, failures, column):
    draft.change(EMPTY[column])
    assert failures(draft, "null_share") == {(column, DAY)}


@pytest.mark.parametrize("name", ["user", "user_id"])
def test_bound_of_one_column_goes_by_field_or_column(draft, failures, name):
    draft.validate = {"null_share": {name: 0.01}}
    few = pl.int_range(pl.len()) < 10
    draft.change(pl.when(~few).then(pl.col("user_id")).alias("user_id"))
    draft.change(pl.when(~few).then(pl.col("tab")).alias("tab"))
    assert failures(draft, "null_share") == {("user_id", DAY)}


def test_bound_of_an_unknown_column_is_refused_with_the_nearest_name(draft, write, config_of):
    draft.validate = {"null_share": {"user_idd": 0.1}}
    with pytest.raises(ConfigError, match="did you mean 'user_id'"):
        subject_of(config_of(draft), write(draft))
