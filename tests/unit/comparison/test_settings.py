from __future__ import annotations

import pytest

from lt4rec_core.comparison.settings import arms_of, seeds_of, settings_of, trained_of
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


def test_variants_take_the_first_of_the_seeds(compared: Config) -> None:
    variants = [{"name": "half", "group": "density", "set": {"prune.final_density": 0.5}}]
    some = changed(compared, {"comparison.variants": variants, "comparison.variant_seeds": 1})
    assert seeds_of(some, "half") == (3,)
    assert seeds_of(some, "connection_share") == seeds_of(some) == (3, 4)
    more = changed(some, {"comparison.variant_seeds": 9})
    assert seeds_of(more, "half") == (3, 4)


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


def with_variant(config: Config, **variant: object) -> Config:
    entry = {"name": "sparse", "group": "density", "set": {"prune.final_density": 0.1}} | variant
    return changed(config, {"comparison.variants": [entry], "comparison.ablations": True})


def test_benefit_and_ablations_are_trained_when_asked_for(compared: Config) -> None:
    both = changed(with_variant(compared), {"comparison.benefit": True})
    arms = arms_of(compared.comparison.arms)
    assert trained_of(both) == (*arms, "dense_alone", "subnetwork_alone", "sparse")
    assert trained_of(changed(both, {"comparison.ablations": False}))[-1] == "subnetwork_alone"
    assert trained_of(compared) == arms


def test_a_variant_is_its_arm_with_settings_of_its_own(compared: Config) -> None:
    chosen = {"connection_share": {"optimizer.learning_rate": 0.03, "prune.final_density": 0.4}}
    settings = settings_of(
        with_variant(changed(compared, {"comparison.chosen": chosen})), "sparse", 7
    )
    assert settings.model.sharing == "connection_share"
    assert (settings.optimizer.learning_rate, settings.prune.final_density) == (0.03, 0.1)
    assert settings_of(settings, "sparse", 7) == settings


def test_parts_are_trained_with_what_was_chosen_for_the_whole(compared: Config) -> None:
    config = changed(
        compared, {"comparison.chosen": {"connection_share": {"optimizer.learning_rate": 0.03}}}
    )
    assert settings_of(config, "dense_alone", 3).optimizer.learning_rate == 0.03


def test_a_tasks_weight_can_be_varied(compared: Config) -> None:
    config = with_variant(compared, set={"tasks.cvr.weight": 2.5})
    weights = {task.name: task.weight for task in settings_of(config, "sparse", 3).tasks}
    assert weights == {"ctr": 0.0, "cvr": 2.5}


@pytest.mark.parametrize(
    ("variant", "said"),
    [
        ({"name": "mmoe"}, "name of an arm"),
        ({"arm": "conection_share"}, "isn't known"),
        ({"arm": "ple", "set": {}}, r"\['ple'\] aren't compared"),
        ({"set": {"single_task.epochs": 2.0}}, "doesn't read"),
    ],
)
def test_a_variant_that_cannot_be_had_is_refused(
    variant: dict[str, object], said: str, compared: Config
) -> None:
    with pytest.raises(ConfigError, match=said):
        trained_of(with_variant(compared, **variant))


def test_an_arm_that_cannot_predict_the_tasks_is_refused_before_it_is_trained(
    compared: Config,
) -> None:
    tasks = [{"name": "like", "label": "like", "population": "impression"}, {"name": "cvr"}]
    tasks[0] |= {"loss": "log_loss", "metric": "auc"}
    without_clicks = changed(compared, {"tasks": tasks})
    assert settings_of(without_clicks, "connection_share", 0).tasks[0].name == "like"
    with pytest.raises(ConfigError, match=r"esmm needs a task whose label is 'click'.*leave esmm"):
        settings_of(without_clicks, "esmm", 0)
