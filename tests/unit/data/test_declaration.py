from __future__ import annotations

import pytest

from lt4rec_core.config import Config, Ingest, from_mapping
from lt4rec_core.data.declaration import declare
from lt4rec_core.data.sources.source import Columns
from lt4rec_core.errors import ConfigError


class Declared:
    """What a source says of itself; nothing is read here."""

    dated = True

    def outcomes(self, ingest: Ingest) -> frozenset[str]:
        return frozenset({"play_time_ms"})

    def labels(self, ingest: Ingest) -> tuple[str, ...]:
        return ("click", "watch_ratio")


def columns(config: Config) -> Columns:
    return declare(config, Declared())  # type: ignore[arg-type]


def config(*fields: dict[str, object], **changes: object) -> Config:
    return from_mapping({"fields": list(fields) or [{"name": "a"}], **changes})


def test_columns_of_fields_and_slices_are_asked_for_once() -> None:
    slices = [{"name": name, "column": name} for name in ("tab", "a", "known.user", "item")]
    asked = columns(
        config(
            {"name": "x", "column": "a"},
            {"name": "y", "column": "a"},
            {"name": "tags", "values": "multi", "separator": "|"},
            {"name": "age", "kind": "numeric"},
            evaluate={"slices": slices},
        )
    )
    assert asked == Columns(single=("a", "tab"), multi={"tags": "|"}, numeric=("age",))


@pytest.mark.parametrize("column", ["known.usr", "id.b"])
def test_a_slice_by_a_column_that_no_dataset_has_is_refused(column: str) -> None:
    with pytest.raises(ConfigError, match=rf"'s' asks for '{column}'.*'id.a', 'known.item'"):
        columns(config(evaluate={"slices": [{"name": "s", "column": column}]}))


@pytest.mark.parametrize("column", ["play_time_ms", "label.click", "label.watch_ratio"])
def test_an_outcome_is_refused_as_a_feature(column: str) -> None:
    with pytest.raises(ConfigError, match="outcome of the impression"):
        columns(config({"name": "x", "column": column}))


@pytest.mark.parametrize("column", ["row_id", "user", "time", "length", "id.a", "known.user"])
def test_a_name_of_the_datasets_own_columns_is_refused(column: str) -> None:
    with pytest.raises(ConfigError, match="the dataset keeps for its own"):
        columns(config({"name": "x", "column": column}))


def test_a_label_that_the_source_does_not_give_is_refused() -> None:
    like = {
        "name": "like",
        "label": "like",
        "population": "impression",
        "loss": "log_loss",
        "metric": "auc",
    }
    with pytest.raises(ConfigError, match=r"'like'.*it gives \['click', 'watch_ratio'\]"):
        columns(config(tasks=[like]))


def test_a_population_that_the_source_does_not_give_is_refused() -> None:
    with pytest.raises(ConfigError, match="label 'play'"):
        columns(config(tasks=[{"name": "cvr", "population": "play"}]))


def test_a_slice_by_an_unknown_label_is_refused() -> None:
    slices = [{"name": "s", "column": "label.like"}]
    with pytest.raises(ConfigError, match="slice 's'"):
        columns(config(evaluate={"slices": slices}))
