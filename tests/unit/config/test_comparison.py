from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lt4rec_core.config import Config, changed, from_mapping, load, to_mapping
from lt4rec_core.errors import ConfigError


def config_of(**comparison: Any) -> Config:
    return from_mapping({"fields": [{"name": "user_id"}], "comparison": comparison})


def test_chosen_values_keep_their_types() -> None:
    values = {"joint_train.epochs": 2.0, "prune.rounds": 3, "prune.dense_candidate": True}
    config = config_of(chosen={"connection_share": values})
    kept = config.comparison.chosen["connection_share"]
    assert {key: type(value) for key, value in kept.items()} == {
        "joint_train.epochs": float,
        "prune.rounds": int,
        "prune.dense_candidate": bool,
    }


def test_section_survives_being_written_as_json() -> None:
    config = config_of(
        chosen={"mmoe": {"model.hidden": [32, 16]}},
        search={"optimizer.learning_rate": {"low": 1e-4, "high": 1e-2, "log": True}},
    )
    assert from_mapping(to_mapping(config)) == config


def test_changes_are_applied_and_checked() -> None:
    config = changed(config_of(), {"model.hidden": [8], "tasks.cvr.weight": 0.5})
    assert config.model.hidden == (8,)
    assert config.tasks[1].weight == 0.5


def test_a_change_of_an_unknown_setting_names_the_nearest_known_one() -> None:
    with pytest.raises(ConfigError, match="learning_rate"):
        changed(config_of(), {"optimizer.learning_rat": 0.1})


def test_two_variants_of_one_name_are_refused() -> None:
    variant = {"name": "sparse", "group": "density"}
    with pytest.raises(ConfigError, match="'sparse' more than once"):
        config_of(variants=[variant, variant])


def test_a_density_of_a_task_that_the_run_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigError, match="'like'"):
        changed(config_of(), {"prune.final_density_of": {"like": 0.5}})


@pytest.mark.parametrize("density", [0.0, 1.5])
def test_a_density_of_a_task_is_a_share(density: float) -> None:
    with pytest.raises(ConfigError, match=r"final_density_of\.cvr"):
        changed(config_of(), {"prune.final_density_of": {"cvr": density}})


def test_a_world_is_read_from_the_file_beside(tmp_path: Path) -> None:
    (tmp_path / "world.toml").write_text("[synthetic]\nstart_date = 2026-02-01\n")
    main = '[[fields]]\nname = "user_id"\n[comparison]\nworld = "world.toml"\n'
    (tmp_path / "main.toml").write_text(main)
    config = load(tmp_path / "main.toml", ["comparison.world.synthetic.days=3"])
    assert config.comparison.world == {"synthetic": {"start_date": "2026-02-01", "days": 3}}
    assert from_mapping(to_mapping(config)) == config


def test_a_worlds_file_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "main.toml").write_text('[comparison]\nworld = "gone.toml"\n')
    with pytest.raises(ConfigError, match=r"gone\.toml"):
        load(tmp_path / "main.toml")
