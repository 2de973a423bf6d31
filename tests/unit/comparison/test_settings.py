from __future__ import annotations

import pytest

from lt4rec_core.comparison.settings import arms_of, seeds_of, settings_of
from lt4rec_core.config import Config, changed
from lt4rec_core.errors import ConfigError
from lt4rec_core.model.sharing.registry import SHARING


def test_all_means_the_registry_with_the_reference_first() -> None:
    arms = arms_of(["all"])
    assert arms[0] == "single_task"
    assert set(arms) == set(SHARING)


def test_an_unknown_arm_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="connection_share"):
        arms_of(["conection_share"])


def test_seeds_follow_the_runs_own(compared: Config) -> None:
    assert seeds_of(compared) == (3, 4)


def test_what_was_chosen_for_one_arm_changes_no_other(compared: Config) -> None:
    rates = {
        arm: settings_of(compared, arm, 3).optimizer.learning_rate
        for arm in ("single_task", "connection_share")
    }
    assert rates == {"single_task": 0.02, "connection_share": 0.01}


def test_settings_of_settings_are_the_same(compared: Config) -> None:
    once = settings_of(compared, "single_task", 7)
    assert settings_of(once, "single_task", 7) == once


def test_all_cores_becomes_one_thread(compared: Config) -> None:
    assert settings_of(changed(compared, {"threads": 0}), "single_task", 3).threads == 1
