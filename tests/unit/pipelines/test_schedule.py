from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from lt4rec_core.config import changed
from lt4rec_core.errors import ClusterError, ConfigError
from pipelines.cli import app
from pipelines.schedule import change_schedule, create_schedule, list_schedules


def ingest_inputs(schedule: dict[str, Any]) -> Any:
    tasks = schedule["pipeline_spec"]["pipeline_spec"]["root"]["dag"]["tasks"]
    return tasks["ingest"]["inputs"]["parameters"]


def test_one_run_at_a_time_and_none_made_up_for(kubeflow, cluster_config) -> None:
    made = create_schedule(cluster_config, "30 4 * * *")
    assert made == {
        "id": kubeflow.schedules[0]["recurring_run_id"],
        "name": "feed",
        "cron": "0 30 4 * * *",
        "status": "ENABLED",
        "max_concurrency": 1,
        "catch_up": False,
        "error": None,
    }
    assert kubeflow.schedules[0]["service_account"] == "lt4rec-pipeline"
    assert kubeflow.schedules[0]["mode"] == "ENABLE"


def test_what_recurs_is_the_daily_pipeline(kubeflow, cluster_config) -> None:
    create_schedule(cluster_config, "30 4 * * *")
    spec = kubeflow.schedules[0]["pipeline_spec"]["pipeline_spec"]
    assert spec["pipelineInfo"]["name"] == "lt4rec-daily-retraining"
    assert "choose-search" in spec["root"]["dag"]["tasks"]
    daily = ingest_inputs(kubeflow.schedules[0])["daily"]
    assert daily == {"runtimeValue": {"constant": True}}


def test_day_comes_from_the_time_that_the_run_was_due(kubeflow, cluster_config) -> None:
    create_schedule(cluster_config, "30 4 * * *")
    inputs = ingest_inputs(kubeflow.schedules[0])
    day = inputs["data_date"]
    assert day == {"runtimeValue": {"constant": "{{$.pipeline_job_schedule_time_utc}}"}}
    assert not kubeflow.schedules[0]["runtime_config"].get("parameters")
    assert inputs["config"] == {"componentInputParameter": "config"}
    spec = kubeflow.schedules[0]["pipeline_spec"]["pipeline_spec"]
    settings = spec["root"]["inputDefinitions"]["parameters"]["config"]["defaultValue"]
    told = json.loads(settings)["ingest"]
    assert (told["time_zone"], told["delay_hours"]) == ("Asia/Shanghai", 3.0)


def test_no_schedule_is_made_of_what_has_no_days(kubeflow, cluster_config) -> None:
    with pytest.raises(ConfigError, match="needs a source with days"):
        create_schedule(changed(cluster_config, {"ingest.source": "tfrecord"}), "30 4 * * *")
    assert not kubeflow.tokens


@pytest.mark.parametrize(
    "cron", ["", "4 30", "0 30 4 * * * *", "30 4 * * * ; rm", "@daily", "30 4 * * é"]
)
def test_what_is_no_cron_expression_is_refused(kubeflow, cluster_config, cron: str) -> None:
    with pytest.raises(ConfigError, match="cron"):
        create_schedule(cluster_config, cron)
    assert not kubeflow.tokens


def test_name_that_is_taken_is_refused_unless_it_gives_way(kubeflow, cluster_config) -> None:
    first = create_schedule(cluster_config, "30 4 * * *")
    with pytest.raises(ConfigError, match="--replace"):
        create_schedule(cluster_config, "0 5 * * *")
    second = create_schedule(cluster_config, "0 5 * * *", replace=True)
    assert [found["id"] for found in list_schedules(cluster_config)] == [second["id"]]
    assert second["id"] != first["id"]


def test_schedule_stays_when_its_successor_is_refused(kubeflow, cluster_config) -> None:
    first = create_schedule(cluster_config, "30 4 * * *")
    kubeflow.broken = True
    with pytest.raises(ClusterError):
        create_schedule(cluster_config, "0 5 * * *", replace=True)
    assert [found["id"] for found in list_schedules(cluster_config)] == [first["id"]]


def test_list_has_those_of_every_page(kubeflow, cluster_config) -> None:
    for name in ("one", "two", "three"):
        create_schedule(cluster_config, "30 4 * * *", name=name)
    assert [found["name"] for found in list_schedules(cluster_config)] == ["one", "two", "three"]


def test_schedule_is_paused_resumed_and_deleted(kubeflow, cluster_config) -> None:
    create_schedule(cluster_config, "30 4 * * *")
    assert change_schedule(cluster_config, "pause")["status"] == "DISABLED"
    assert change_schedule(cluster_config, "resume")["status"] == "ENABLED"
    change_schedule(cluster_config, "delete")
    assert list_schedules(cluster_config) == []


def test_only_the_named_schedule_is_changed(kubeflow, cluster_config) -> None:
    for name in ("one", "two"):
        create_schedule(cluster_config, "30 4 * * *", name=name)
    change_schedule(cluster_config, "pause", "two")
    states = {found["name"]: found["status"] for found in list_schedules(cluster_config)}
    assert states == {"one": "ENABLED", "two": "DISABLED"}


def test_name_that_isnt_there_is_refused_with_those_that_are(kubeflow, cluster_config) -> None:
    create_schedule(cluster_config, "30 4 * * *", name="one")
    with pytest.raises(ConfigError, match=r"no schedule 'feed'; known are \['one'\]"):
        change_schedule(cluster_config, "delete")


def test_two_of_one_name_arent_guessed_between(kubeflow, cluster_config) -> None:
    create_schedule(cluster_config, "30 4 * * *")
    kubeflow.schedules.append({**kubeflow.schedules[0], "recurring_run_id": "other"})
    with pytest.raises(ClusterError, match="other"):
        change_schedule(cluster_config, "delete")
    assert len(kubeflow.schedules) == 2


def test_commands_make_show_pause_and_delete(kubeflow) -> None:
    def call(*arguments: str) -> str:
        where = ["demo", "--set", f"cluster.kubeflow.host={kubeflow.url}"]
        where += ["--set", "cluster.source=s3://logs"]
        result = CliRunner().invoke(app, ["schedule", arguments[0], *where, *arguments[1:]])
        assert result.exit_code == 0, result.output
        return result.stdout

    made = json.loads(call("create", "--cron", "30 4 * * *", "--json"))
    shown = call("list").splitlines()[1]
    assert shown.split() == ["demo", "0", "30", "4", "*", "*", "*", "ENABLED", made["id"]]
    assert call("pause") == f"paused: demo ({made['id']})\n"
    assert json.loads(call("list", "--json"))["schedules"][0]["status"] == "DISABLED"
    call("resume")
    call("delete")
    assert json.loads(call("list", "--json")) == {"schedules": []}
