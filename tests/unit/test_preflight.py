from __future__ import annotations

import pytest

from lt4rec_core.config import from_mapping
from lt4rec_core.errors import ConfigError
from lt4rec_core.preflight import check_daily, check_date, check_prunable, check_ready

FIELDS = {"fields": [{"name": "user"}]}
RULE = {"task": "ctr", "metric": "auc", "floor": 0.5}


def test_a_plain_configuration_is_ready() -> None:
    check_ready(from_mapping({**FIELDS, "register": {"rules": [RULE]}}))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"ingest": {"source": "event"}}, "event"),
        ({"ingest": {"time_zone": "Mars/Base"}}, r"ingest\.time_zone is 'Mars/Base'"),
        ({"model": {"sharing": "wish"}}, "model.sharing is 'wish'.*connection_share"),
        ({"validate": {"severity": {"drft": "error"}}}, "did you mean 'drift'"),
        ({"monitor": {"severity": {"drfit": "off"}}}, "monitor.severity.*did you mean 'drift'"),
        ({"tasks": [{"name": "like"}]}, "task 'like' isn't known"),
        ({"tasks": [{"name": "ctr", "loss": "hinge"}]}, "loss is 'hinge'.*log_loss"),
        ({"tasks": [{"name": "ctr", "metric": "gauc"}]}, "gauc, which needs users"),
        ({"register": {"rules": [{**RULE, "task": "clicks"}]}}, "'clicks'.*'ctr', 'cvr'"),
        ({"register": {"rules": [{**RULE, "metric": "acu"}]}}, "acu"),
        ({"register": {"rules": [{**RULE, "slice": "tba=0"}]}}, "slice is 'tba'.*known are"),
        ({"register": {"exponents": {"ctrr": 2.0}}}, "exponents is 'ctrr'"),
        ({"cluster": {"fan_out": True}, "ingest": {"source": "tfrecord"}}, "fan_out.*no days"),
    ],
)
def test_a_name_that_no_registry_knows_is_refused(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_ready(from_mapping({**FIELDS, **values}))


def test_a_source_with_days_needs_the_test_day() -> None:
    config = from_mapping(FIELDS)
    check_date(config, "2026-01-05")
    with pytest.raises(ConfigError, match="--data-date"):
        check_date(config, "")


def test_a_source_without_days_needs_none() -> None:
    check_date(from_mapping({**FIELDS, "ingest": {"source": "tfrecord"}}), "")


def test_the_training_dag_needs_a_method_with_masks() -> None:
    check_prunable(from_mapping(FIELDS))
    with pytest.raises(ConfigError, match=r"'mmoe', which has no masks.*connection_share"):
        check_prunable(from_mapping({**FIELDS, "model": {"sharing": "mmoe"}}))


def test_a_daily_run_needs_days_and_masks_and_starts_from_the_champion() -> None:
    check_daily(from_mapping(FIELDS))
    for values, message in (
        ({"ingest": {"source": "tfrecord"}}, "needs a source with days"),
        ({"model": {"sharing": "mmoe"}}, "no masks"),
        ({"joint_train": {"rewind": "fresh"}}, "forgets the champion"),
    ):
        with pytest.raises(ConfigError, match=message):
            check_daily(from_mapping({**FIELDS, **values}))
