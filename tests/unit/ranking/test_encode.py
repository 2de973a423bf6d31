import zlib

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lt4rec_core.data.sources.canonical import as_number, clean
from lt4rec_core.errors import InputError
from lt4rec_core.ranking.encode import Lookup, canonical, encode_multi, encode_numeric, numbers
from lt4rec_core.ranking.layout import Field, Table

TAGS = Field("tag", "tags", "tag", values="multi", separator="|")
AGE = Field("age", "age", "age", kind="numeric")


def bucket(text, buckets=4):
    return 1 + zlib.crc32(text.encode()) % buckets


@pytest.mark.parametrize(
    "value", [None, "", "  ", float("nan"), np.float32("nan"), pd.NA, pd.NaT, b""]
)
def test_missing_values_take_row_zero(value):
    assert Lookup(["a"], 4)[value] == 0


@pytest.mark.parametrize("value", ["7", " 7 ", 7, np.int64(7), b"7"])
def test_an_id_is_found_whatever_type_it_has(value):
    assert Lookup(["5", "7"], 4)[value] == 1 + 4 + 1


@pytest.mark.parametrize("value", ["new", "ñ", 12, "\ud800"])
def test_an_unknown_id_takes_its_hash_bucket(value):
    index = Lookup(["a"], 4)[value]
    assert index == 1 + zlib.crc32(str(value).encode("utf-8", "replace")) % 4


@given(st.text())
def test_every_text_has_an_index_inside_its_table(text):
    assert 0 <= Lookup(["a", "b"], 4)[text] < 1 + 4 + 2


def test_looking_up_unknown_ids_leaves_no_trace():
    lookup = Lookup(["a"], 4)
    before = len(lookup)
    lookup["new"]
    assert len(lookup) == before


def test_values_of_a_row_come_as_lists_or_as_text():
    rows = [["a", "b"], "a|b", ("a", None), None, [], "", "a||new"]
    indices, starts = encode_multi(TAGS, rows, Lookup(["a", "b"], 4))
    new = bucket("new")
    assert indices.tolist() == [5, 6, 5, 6, 5, 0, 0, 0, 5, new]
    assert starts.tolist() == [0, 2, 4, 5, 6, 7, 8]


def test_numbers_fall_into_the_bucket_that_begins_at_its_boundary():
    table = Table("age", "numeric", 4, boundaries=(18.0, 40.0))
    values = [17.9, 18, "39.9", 40.0, None, float("nan"), "", "old", float("inf")]
    assert encode_numeric(AGE, values, table).tolist() == [1, 2, 2, 3, 0, 0, 0, 0, 0]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_text_is_stripped_as_ingestion_strips_it(text):
    assert canonical(text) == pl.Series([text]).str.strip_chars().item()


@pytest.mark.parametrize(
    "value",
    [True, False, 5, 5.0, -5.0, -0.0, 0.1, 2.0**52, 2.0**53, 1e300, "5.0", "\x1f a \u3000"],
)
def test_a_value_becomes_the_text_that_ingestion_makes_of_it(value):
    frame = pl.DataFrame({"id": [value]})
    assert canonical(value) == frame.select(clean("id", frame.schema["id"])).item()


@pytest.mark.parametrize(
    "text", [" 12\t", "12", "٣", "１２", "1_0", "\x1f12", "0x10", "1e5", "+.5"]
)
def test_a_text_is_the_number_that_ingestion_makes_of_it(text):
    frame = pl.DataFrame({"age": [text]})
    expected = frame.select(as_number("age", pl.String)).item()
    assert numbers("age", [text]).tolist() == pytest.approx([expected or np.nan], nan_ok=True)


def test_numbers_may_be_text_or_booleans():
    assert numbers("age", ["1.5", b"2", True, np.float32(4)]).tolist() == [1.5, 2.0, 1.0, 4.0]


@pytest.mark.parametrize("value", [1, [["a"]]])
def test_what_is_no_list_of_values_is_refused(value):
    with pytest.raises(InputError, match=r"'tags' holds (int|list).* pass a list"):
        encode_multi(TAGS, [value], Lookup(["a"], 2))
