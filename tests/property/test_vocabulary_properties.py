from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lt4rec_core.data import vocabulary

IDS = st.lists(st.text("abcé0", min_size=1, max_size=3), max_size=40)
COUNT = st.integers(1, 4)
CAP = st.integers(1, 12)
BUCKETS = st.integers(1, 5)


def fit(
    ids: list[str], floor: int, cap: int, buckets: int, base: pl.DataFrame | None = None
) -> pl.DataFrame:
    counts = vocabulary.count_ids(
        {"2022-05-01": [pl.LazyFrame({"x": pl.Series(ids, dtype=pl.String)})]}
    )
    return vocabulary.fit(counts, floor, cap, buckets, base)


def encode(ids: list[str], known: pl.DataFrame, buckets: int) -> list[int]:
    frame = pl.LazyFrame({"x": pl.Series(ids, dtype=pl.String)})
    return frame.select(vocabulary.encode(pl.col("x"), known, buckets)).collect()["x"].to_list()


@given(IDS, IDS, COUNT, CAP, BUCKETS)
def test_later_days_only_append(
    first: list[str], later: list[str], floor: int, cap: int, buckets: int
) -> None:
    old = fit(first, floor, cap, buckets)
    new = fit(first + later, floor, cap, buckets, base=old)
    assert new.head(old.height).equals(old)
    assert new["id"].is_unique().all()
    assert new.height <= cap


@given(st.randoms(use_true_random=False), IDS, COUNT, CAP, BUCKETS)
def test_the_order_of_rows_does_not_matter(
    random: object, ids: list[str], floor: int, cap: int, buckets: int
) -> None:
    shuffled = list(ids)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert fit(ids, floor, cap, buckets).equals(fit(shuffled, floor, cap, buckets))


@given(IDS, COUNT, CAP, BUCKETS)
def test_known_ids_can_be_decoded_and_others_fall_into_the_buckets(
    ids: list[str], floor: int, cap: int, buckets: int
) -> None:
    known = fit(ids, floor, cap, buckets)
    named = dict(zip(known["index"], known["id"], strict=True))
    for text, index in zip(ids, encode(ids, known, buckets), strict=True):
        if index > buckets:
            assert named[index] == text
        else:
            assert index == vocabulary.oov_index(text, buckets)
            assert text not in named.values()


@given(IDS, IDS, COUNT, CAP, BUCKETS)
def test_every_index_lies_within_the_table(
    ids: list[str], others: list[str], floor: int, cap: int, buckets: int
) -> None:
    known = fit(ids, floor, cap, buckets)
    indices = encode([*ids, *others, ""], known, buckets)
    assert indices[-1] == 0
    assert all(1 <= index < 1 + buckets + known.height for index in indices[:-1])


@given(IDS, IDS, COUNT, CAP, BUCKETS)
def test_a_list_is_encoded_like_its_ids_one_by_one(
    ids: list[str], others: list[str], floor: int, cap: int, buckets: int
) -> None:
    known = fit(ids, floor, cap, buckets)
    frame = pl.LazyFrame({"x": pl.Series([ids, others], dtype=pl.List(pl.String))})
    lists = frame.select(vocabulary.encode_lists(pl.col("x"), known, buckets)).collect()["x"]
    assert lists.to_list() == [encode(part, known, buckets) or [0] for part in (ids, others)]
