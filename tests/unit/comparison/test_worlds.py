from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lt4rec_core.comparison.worlds import last_day, settings_in
from lt4rec_core.config import Config, Synthetic, from_mapping, to_mapping
from lt4rec_core.errors import ConfigError

WORLD = {"fields": [{"name": "item_id"}], "synthetic": {"days": 4}, "model": {"hidden": [8]}}


def config_of(world: dict[str, Any] = WORLD, **entry: Any) -> Config:
    worlds = [{"name": "calm", "conflict": 0.25, **entry}]
    comparison = {"world": world, "worlds": worlds, "arms": ["mmoe"], "seeds": 3}
    tracking = {"experiment": "mine"}
    own = {"seed": 7, "fields": [{"name": "user_id"}], "tracking": tracking}
    return from_mapping({**own, "comparison": comparison})


def test_a_world_has_its_own_data_and_network_and_the_comparisons_arms_and_seeds() -> None:
    found = settings_in(config_of(), "calm")
    assert found.fields[0].name == "item_id"
    assert found.model.hidden == (8,)
    assert (found.synthetic.days, found.synthetic.conflict) == (4, 0.25)
    assert (found.seed, found.comparison.seeds, found.comparison.arms) == (7, 3, ("mmoe",))
    assert found.tracking.experiment == "mine"


def test_a_world_may_have_other_arms_and_seeds() -> None:
    found = settings_in(config_of(arms=["snr"], seeds=2), "calm").comparison
    assert (found.arms, found.seeds) == (("snr",), 2)


def test_settings_of_all_worlds_can_be_changed_together() -> None:
    config = config_of()
    changes = {"prune.saliency": "movement", "synthetic.days": 5}
    config = replace(config, comparison=replace(config.comparison, world_set=changes))
    found = settings_in(config, "calm")
    assert (found.prune.saliency, found.synthetic.days) == ("movement", 5)
    assert found.synthetic.conflict == 0.25


def test_a_world_may_have_settings_of_its_own_which_come_last() -> None:
    config = config_of(set={"model.hidden": [2], "synthetic.days": 6})
    changes = {"synthetic.days": 5}
    config = replace(config, comparison=replace(config.comparison, world_set=changes))
    found = settings_in(config, "calm")
    assert (found.model.hidden, found.synthetic.days) == ((2,), 6)


def test_outside_of_all_worlds_settings_are_as_they_are() -> None:
    config = config_of()
    assert settings_in(config, "") is config


def test_worlds_survive_being_written_as_json() -> None:
    assert from_mapping(to_mapping(config_of())) == config_of()


@pytest.mark.parametrize(
    ("world", "said"),
    [
        ({"fields": [{"name": "x"}], "model": {"hiden": [8]}}, "calm.*hiden"),
        ({"fields": [{"name": "x"}], "ingest": {"source": "kuairand"}}, "events"),
        ({}, "fields"),
    ],
)
def test_a_world_that_cannot_be_had_is_refused(world: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){said}"):
        settings_in(config_of(world), "calm")


def test_an_unknown_world_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="calm"):
        settings_in(config_of(), "stormy")


def test_two_worlds_of_one_name_are_refused() -> None:
    worlds = [{"name": "calm", "conflict": 0.1}] * 2
    with pytest.raises(ConfigError, match="calm"):
        from_mapping({"fields": [{"name": "x"}], "comparison": {"worlds": worlds}})


def test_the_test_day_of_a_world_is_its_last() -> None:
    assert last_day(Synthetic(days=10)) == "2026-01-10"
