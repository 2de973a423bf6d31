from __future__ import annotations

from typing import Any

import pytest

from lt4rec_core.comparison.search import Trial, ranges_of, start, suggest
from lt4rec_core.config import Config, Range, changed
from lt4rec_core.errors import ConfigError

RANGES = {
    "optimizer.learning_rate": Range(low=1e-4, high=1e-1, log=True),
    "model.hidden": Range(choices=((8,), (16, 8))),
}


def climb(trials: int, seed: int = 0) -> list[Trial]:
    """Searches for the learning rate that is nearest to 0.02."""
    tried: list[Trial] = []
    for _ in range(trials):
        settings = suggest(RANGES, {}, tried, seed)
        tried.append(Trial(settings, -abs(settings["optimizer.learning_rate"] - 0.02)))
    return tried


def test_suggestions_lie_in_their_ranges() -> None:
    for trial in climb(8):
        assert 1e-4 <= trial.settings["optimizer.learning_rate"] <= 1e-1
        assert trial.settings["model.hidden"] in ([8], [16, 8])


def test_the_same_trials_lead_to_the_same_suggestion() -> None:
    assert climb(12) == climb(12)


def test_another_seed_looks_elsewhere() -> None:
    assert climb(1, seed=1) != climb(1, seed=2)


def test_the_configured_settings_are_tried_first() -> None:
    first = {"optimizer.learning_rate": 0.003, "model.hidden": [16, 8]}
    assert suggest(RANGES, first, [], 0) == first


def test_the_start_leaves_out_what_lies_outside(tiny_config: Config) -> None:
    assert start(tiny_config, RANGES) == {
        "optimizer.learning_rate": 0.01,
        "model.hidden": [16, 8],
    }
    beyond = changed(tiny_config, {"optimizer.learning_rate": 0.5})
    assert "optimizer.learning_rate" not in start(beyond, RANGES)


def test_a_range_of_an_unknown_setting_is_refused(tiny_config: Config) -> None:
    with pytest.raises(ConfigError, match="learning_rat"):
        start(tiny_config, {"optimizer.learning_rat": Range(low=0.1, high=0.2)})


def test_an_arms_own_ranges_add_to_the_common_ones(tiny_config: Config) -> None:
    config = changed(
        tiny_config,
        {
            "comparison.search": {"optimizer.learning_rate": {"low": 0.1, "high": 0.2}},
            "comparison.search_of": {"connection_share": {"prune.rounds": {"choices": [2, 3]}}},
        },
    )
    assert set(ranges_of(config, "single_task")) == {"optimizer.learning_rate"}
    assert set(ranges_of(config, "connection_share")) == {"optimizer.learning_rate", "prune.rounds"}


@pytest.mark.parametrize(
    "range_", [{}, {"low": 0.2, "high": 0.1}, {"low": 0.0, "high": 0.1, "log": True}]
)
def test_a_range_that_holds_nothing_is_refused(range_: dict[str, Any], tiny_config: Config) -> None:
    config = changed(tiny_config, {"comparison.search": {"optimizer.learning_rate": range_}})
    with pytest.raises(ConfigError, match="search"):
        ranges_of(config, "single_task")


def test_nothing_to_search_is_refused(tiny_config: Config) -> None:
    with pytest.raises(ConfigError, match="nothing to tune"):
        ranges_of(tiny_config, "single_task")
