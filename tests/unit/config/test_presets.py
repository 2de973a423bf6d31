from __future__ import annotations

from typing import Any

import pytest

from lt4rec_core.config import Config, changed, from_mapping, to_mapping
from lt4rec_core.config.presets import PRESETS
from lt4rec_core.errors import ConfigError


def config_of(**values: Any) -> Config:
    return from_mapping({"fields": [{"name": "user_id"}], **values})


def test_without_a_preset_settings_are_the_papers() -> None:
    assert config_of() == config_of(preset="paper")
    assert config_of().model.hidden == (512, 256, 128)
    assert (config_of().optimizer.batch_size, config_of().prune.saliency) == (4096, "magnitude")


def test_a_preset_changes_what_it_names_and_nothing_else() -> None:
    best = to_mapping(config_of(preset="best"))
    paper = to_mapping(config_of())
    for section, settings in PRESETS["best"].items():
        for name, value in settings.items():
            assert best[section][name] == value != paper[section][name]
            best[section][name] = paper[section][name]
    assert best == {**paper, "preset": "best"}


def test_what_a_configuration_says_wins_over_its_preset() -> None:
    config = config_of(preset="best", model={"dropout": 0.0})
    assert config.model.dropout == 0.0
    assert config.model.embedding_scale == PRESETS["best"]["model"]["embedding_scale"]


def test_a_written_configuration_is_read_back_the_same() -> None:
    config = changed(config_of(preset="best"), {"model.dropout": 0.0})
    assert from_mapping(to_mapping(config)) == config
    assert config.model.dropout == 0.0


@pytest.mark.parametrize("values", [{"preset": "bets"}, {"preset": ["best"]}])
def test_an_unknown_preset_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="preset"):
        config_of(**values)


def test_a_section_that_is_no_table_is_refused_under_a_preset_too() -> None:
    with pytest.raises(ConfigError, match="model"):
        config_of(preset="best", model=3)
