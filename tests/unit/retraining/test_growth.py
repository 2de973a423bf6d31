from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from lt4rec_core.config import Config, changed
from lt4rec_core.data import vocabulary
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.layout import layout_of
from lt4rec_core.data.samples import read_samples
from lt4rec_core.errors import ArtifactError
from lt4rec_core.model.network import Network
from lt4rec_core.model.sharing.registry import build
from lt4rec_core.retraining.growth import check_growable, grown
from lt4rec_core.stages.ingest import ingest
from lt4rec_core.tracking import SilentTracker
from lt4rec_core.training.predict import predict

TABLE = "item_id"


@pytest.fixture(scope="module")
def shorter(tiny_config: Config) -> Config:
    """Trains on two of the world's days, so that later days bring new ids."""
    return changed(tiny_config, {"ingest.train_days": 2, "ingest.retire_days": 1})


@pytest.fixture(scope="module")
def old(shorter: Config, tiny_logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    target = tmp_path_factory.mktemp("old") / "dataset"
    return ingest(shorter, str(tiny_logs), "2026-01-04", target, SilentTracker())


@pytest.fixture(scope="module")
def following(
    old: Dataset, shorter: Config, tiny_logs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[int], Dataset]:
    """Makes the next day's dataset with the ids of `old`, some of them retired if asked."""

    def make(retire_days: int) -> Dataset:
        config = changed(shorter, {"ingest.retire_days": retire_days})
        target = tmp_path_factory.mktemp("new") / "dataset"
        return ingest(config, str(tiny_logs), "2026-01-05", target, SilentTracker(), old)

    return make


def network_for(config: Config, dataset: Dataset) -> Network:
    source = torch.Generator().manual_seed(1)
    layout = layout_of(dataset.features)
    return build("connection_share", layout, config.model, ["ctr", "cvr"], source)


def rows_of(weights: torch.Tensor, dataset: Dataset) -> torch.Tensor:
    """The embeddings of the table, row by row."""
    names = [table.name for table in dataset.features.tables]
    offset = layout_of(dataset.features).table_offsets[names.index(TABLE)]
    return weights[offset : offset + dataset.features.table(TABLE).size]


@pytest.mark.parametrize("retire_days", [0, 1])
def test_embeddings_of_ids_in_use_do_not_change_a_bit(
    retire_days: int, old: Dataset, following: Callable[[int], Dataset], shorter: Config
) -> None:
    new = following(retire_days)
    weights = network_for(shorter, old).state_dict()
    before = rows_of(weights["embeddings.weight"], old)
    after = rows_of(grown(weights, old, new)["embeddings.weight"], new)
    now = dict(new.vocabulary(TABLE).select("id", "index").iter_rows())
    kept = [(id_, index) for id_, index in old.vocabulary(TABLE).select("id", "index").iter_rows()]
    in_use = [(index, now[id_]) for id_, index in kept if id_ in now]
    assert len(in_use) > 10
    for index, place in in_use:
        assert index == place
        assert torch.equal(before[index], after[place])


def test_new_ids_start_from_the_hash_bucket_that_they_fell_into(
    old: Dataset, following: Callable[[int], Dataset], shorter: Config
) -> None:
    new = following(0)
    weights = network_for(shorter, old).state_dict()
    before = rows_of(weights["embeddings.weight"], old)
    after = rows_of(grown(weights, old, new)["embeddings.weight"], new)
    added = new.vocabulary(TABLE).join(old.vocabulary(TABLE), on="id", how="anti")
    assert added.height > 0
    for text, index in added.select("id", "index").iter_rows():
        assert torch.equal(after[index], before[vocabulary.oov_index(text, 4)])


def test_a_grown_network_predicts_what_it_did_before(
    old: Dataset, following: Callable[[int], Dataset], shorter: Config
) -> None:
    new = following(0)
    small, large = network_for(shorter, old), network_for(shorter, new)
    large.load_state_dict(grown(small.state_dict(), old, new))
    # The day that tests the old dataset validates the new one: the same impressions.
    before, after = read_samples(old, "test"), read_samples(new, "validation")
    assert before.rows == after.rows
    assert (predict(small, before, "ctr", {}) == predict(large, after, "ctr", {})).all()


def test_other_buckets_cannot_be_carried_over(old: Dataset, shorter: Config) -> None:
    with pytest.raises(ArtifactError, match="number of OOV buckets"):
        check_growable(changed(shorter, {"ingest.oov_buckets": 5}), old)


def test_other_fields_cannot_be_carried_over(old: Dataset, shorter: Config) -> None:
    with pytest.raises(ArtifactError, match=r"other fields|another table"):
        check_growable(changed(shorter, {"fields.tab.column": "city"}), old)
    check_growable(shorter, old)
