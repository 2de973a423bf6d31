from __future__ import annotations

import pytest

from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.sealed import seal
from lt4rec_core.errors import ArtifactError


def test_training_and_validation_rows_are_the_same(tiny_dataset: Dataset) -> None:
    sealed = seal(tiny_dataset)
    for split in ("train", "validation"):
        assert sealed.paths(split) == tiny_dataset.paths(split)


@pytest.mark.parametrize("way", ["days", "paths", "scan"])
def test_the_test_split_is_refused(way: str, tiny_dataset: Dataset) -> None:
    with pytest.raises(ArtifactError, match="test split"):
        getattr(seal(tiny_dataset), way)("test")


def test_the_manifest_does_not_tell_where_test_rows_lie(tiny_dataset: Dataset) -> None:
    (day,) = tiny_dataset.days("test")
    assert day not in seal(tiny_dataset).manifest.to_json().replace(f'"data_date": "{day}"', "")
