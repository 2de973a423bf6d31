from __future__ import annotations

import zlib

import polars as pl
import pytest

from lt4rec_core.data import vocabulary

DAY, LATER = "2022-05-01", "2022-05-09"


def counts(day: str = DAY, /, **values: int) -> pl.DataFrame:
    return pl.DataFrame(
        {"id": list(values), "count": list(values.values()), "seen": [day] * len(values)},
        schema={"id": pl.String, "count": pl.Int64, "seen": pl.String},
    )


def encoded(ids: list[str | None], known: pl.DataFrame, oov_buckets: int = 4) -> list[int]:
    frame = pl.LazyFrame({"x": pl.Series(ids, dtype=pl.String)})
    return frame.select(vocabulary.encode(pl.col("x"), known, oov_buckets)).collect()["x"].to_list()


def encoded_lists(lists: list[list[str | None] | None], known: pl.DataFrame) -> list[list[int]]:
    frame = pl.LazyFrame({"x": pl.Series(lists, dtype=pl.List(pl.String))})
    return frame.select(vocabulary.encode_lists(pl.col("x"), known, 4)).collect()["x"].to_list()


def test_fields_that_share_a_table_are_counted_together() -> None:
    frame = pl.LazyFrame({"one": ["a", "b", "", None], "many": [["a", "c"], [], None, ["a"]]})
    seen = vocabulary.count_ids({DAY: [frame.select("one"), frame.select("many")]}).sort("id")
    assert seen.rows() == [("a", 3, DAY), ("b", 1, DAY), ("c", 1, DAY)]


def test_the_most_frequent_ids_come_first_and_ties_by_id() -> None:
    fitted = vocabulary.fit(counts(b=2, a=2, z=9), min_count=1, max_ids=10, oov_buckets=4)
    assert fitted.rows() == [("z", 5, 9, DAY), ("a", 6, 2, DAY), ("b", 7, 2, DAY)]


def test_rare_ids_stay_out_and_so_do_those_beyond_the_cap() -> None:
    fitted = vocabulary.fit(counts(a=1, b=2, c=3, d=4), min_count=2, max_ids=2, oov_buckets=1)
    assert fitted["id"].to_list() == ["d", "c"]


def test_new_ids_are_appended_to_an_older_vocabulary() -> None:
    old = vocabulary.fit(counts(a=5, b=4), min_count=1, max_ids=10, oov_buckets=4)
    new = vocabulary.fit(counts(b=9, c=8), min_count=1, max_ids=10, oov_buckets=4, base=old)
    assert new.rows() == [("a", 5, 5, DAY), ("b", 6, 4, DAY), ("c", 7, 8, DAY)]


def test_an_older_vocabulary_at_its_cap_keeps_its_ids_and_takes_none() -> None:
    old = vocabulary.fit(counts(a=5, b=4), min_count=1, max_ids=2, oov_buckets=4)
    assert vocabulary.fit(counts(c=8), 1, 1, 4, base=old).equals(old)


def test_the_last_day_of_an_id_is_kept() -> None:
    frame = pl.LazyFrame({"x": ["a", "b"]})
    seen = vocabulary.count_ids({DAY: [frame], LATER: [frame.head(1)]}).sort("id")
    assert seen.rows() == [("a", 2, LATER), ("b", 1, DAY)]
    old = vocabulary.fit(counts(a=1, b=1), min_count=1, max_ids=9, oov_buckets=4)
    new = vocabulary.fit(counts(LATER, b=1), 1, 9, 4, base=old)
    assert new.select("id", "seen").rows() == [("a", DAY), ("b", LATER)]


def test_new_ids_take_the_places_of_retired_ones_and_no_others_move() -> None:
    old = vocabulary.fit(counts(a=3, b=2, c=1), min_count=1, max_ids=9, oov_buckets=4)
    today = counts(LATER, b=1, x=2, y=1, z=1)
    new = vocabulary.fit(today, 1, 9, 4, base=old, retired_before=LATER)
    assert new.select("id", "index").rows() == [("x", 5), ("b", 6), ("y", 7), ("z", 8)]


def test_the_longest_unseen_id_is_replaced_first() -> None:
    old = vocabulary.fit(counts("2022-05-02", a=3), 1, 9, 4)
    old = vocabulary.fit(counts(b=1), 1, 9, 4, base=old)
    new = vocabulary.fit(counts(LATER, x=1), 1, 9, 4, base=old, retired_before=LATER)
    assert new["id"].to_list() == ["a", "x"]


def test_a_retired_id_that_comes_back_in_time_has_its_old_place() -> None:
    old = vocabulary.fit(counts(a=3, b=2), 1, 9, 4)
    new = vocabulary.fit(counts(LATER, a=1, x=1), 1, 9, 4, base=old, retired_before=LATER)
    assert new.select("id", "index").rows() == [("a", 5), ("x", 6)]


def test_missing_known_and_unseen_ids_are_told_apart() -> None:
    known = vocabulary.fit(counts(a=2, b=1), min_count=1, max_ids=10, oov_buckets=4)
    unseen = 1 + zlib.crc32(b"new") % 4
    assert encoded([None, "", "b", "new", "a", "new"], known) == [0, 0, 6, unseen, 5, unseen]


def test_an_empty_vocabulary_hashes_every_id() -> None:
    assert encoded(["a", None], vocabulary.empty()) == [1 + zlib.crc32(b"a") % 4, 0]


def test_a_list_without_ids_is_missing() -> None:
    known = vocabulary.fit(counts(a=1), min_count=1, max_ids=10, oov_buckets=4)
    assert encoded_lists([None, [], [""], [None], ["a", "", None]], known) == [
        [0],
        [0],
        [0],
        [0],
        [5],
    ]


def test_lists_keep_the_order_of_their_ids() -> None:
    known = vocabulary.fit(counts(a=2, b=1), min_count=1, max_ids=10, oov_buckets=4)
    assert encoded_lists([["b", "new", "a", "a"]], known) == [
        [6, vocabulary.oov_index("new", 4), 5, 5]
    ]


def test_a_column_without_any_id_is_all_missing() -> None:
    assert encoded([None, None], vocabulary.empty()) == [0, 0]
    assert encoded_lists([None, None], vocabulary.empty()) == [[0], [0]]


@pytest.mark.parametrize("text", ["é", "日本", "a b", " "])
def test_unseen_ids_are_hashed_as_utf8(text: str) -> None:
    assert vocabulary.oov_index(text, 7) == 1 + zlib.crc32(text.encode("utf-8")) % 7
