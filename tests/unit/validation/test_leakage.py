"""A feature that tells a label is found out; one that only looks like it isn't."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from lt4rec_core.validation.leakage import _FEWEST, determination
from lt4rec_core.validation.tally import LabelSums

DAYS = 3


def sums(ids, label, half, size):
    """Label sums of rows as `LabelSums` [2, size]."""
    shape = (2, size)
    parts = [np.zeros(shape), np.zeros(shape), np.zeros(shape)]
    for part, value in zip(parts, (np.ones_like(label), label, label**2), strict=True):
        np.add.at(part, (half, ids), value)
    return LabelSums(*parts)


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return rng.integers(0, 50, 4000), rng.integers(0, 2, 4000), rng


def test_auc_equals_that_of_the_rows(rows):
    ids, half, rng = rows
    label = (rng.random(4000) < ids / 50).astype(float)
    seen, _ = determination(sums(ids, label, half, 50), binary=True)
    first = half == 0
    count = np.bincount(ids[first], minlength=50)
    total = np.bincount(ids[first], weights=label[first], minlength=50)
    guess = (total + label[first].mean()) / (count + 1)
    assert seen == pytest.approx(roc_auc_score(label[~first], guess[ids[~first]]))


def test_unrelated_ids_are_near_one_half(rows):
    ids, half, rng = rows
    label = rng.integers(0, 2, 4000).astype(float)
    seen, _ = determination(sums(ids, label, half, 50), binary=True)
    assert seen == pytest.approx(0.5, abs=0.05)


def test_one_id_a_row_tells_nothing(rows):
    _, half, rng = rows
    label = rng.integers(0, 2, 4000).astype(float)
    seen, _ = determination(sums(np.arange(4000), label, half, 4000), binary=True)
    assert seen == pytest.approx(0.5)


def test_buckets_of_a_continuous_label_determine_it(rows):
    _, half, rng = rows
    label = rng.random(4000)
    seen, _ = determination(sums((label * 16).astype(int), label, half, 16), binary=False)
    assert seen > 0.99


def test_noise_does_not_determine_a_continuous_label(rows):
    ids, half, rng = rows
    seen, _ = determination(sums(ids, rng.random(4000), half, 50), binary=False)
    assert seen < 0.6


@pytest.mark.parametrize("binary", [True, False])
def test_too_few_rows_are_not_judged(binary):
    label = np.arange(_FEWEST) % 2.0
    few = sums(np.zeros(_FEWEST, dtype=int), label, np.arange(_FEWEST) % 2, 1)
    seen, reason = determination(few, binary)
    assert seen is None
    assert "fewer than" in reason


def test_constant_label_is_not_judged(rows):
    ids, half, _ = rows
    seen, reason = determination(sums(ids, np.full(4000, 0.3), half, 50), binary=False)
    assert (seen, reason) == (None, "the label is constant")


def test_inverted_copy_is_found(draft, failures):
    for day, frame in draft.frames.items():
        told = 6 - frame["label.click"].to_numpy().astype(np.int32)
        draft.change(pl.Series("id.tab", told), day=day)
    assert failures(draft, "leakage") == {("tab for click", "all days")}


def test_one_telling_tag_among_several_is_found(draft, failures):
    for day, frame in draft.frames.items():
        told = [
            [*ids, 12] if click else ids
            for ids, click in zip(
                [[i for i in row if i != 12] or [5] for row in frame["id.tags"].to_list()],
                frame["label.click"],
                strict=True,
            )
        ]
        draft.change(pl.Series("id.tags", told, dtype=pl.List(pl.Int32)), day=day)
    assert failures(draft, "leakage") == {("tags for click", "all days")}


def test_watch_ratio_in_buckets_is_found(draft, failures):
    for day, frame in draft.frames.items():
        told = (1 + frame["label.watch_ratio"].fill_null(0.5) * 39).cast(pl.Int32)
        draft.change(told.alias("id.item"), day=day)
    assert ("item for watch_ratio", "all days") in failures(draft, "leakage")


def test_text_copy_of_a_label_is_found(draft, failures):
    draft.change_all(pl.col("label.click").cast(pl.Int32).cast(pl.String).alias("tab"))
    assert failures(draft, "label_copy") == {("tab for click", "all days")}


def test_constant_column_is_no_copy_of_a_rare_label(draft, failures):
    draft.change_all(pl.lit("0").alias("tab"))
    assert failures(draft, "label_copy") == set()
