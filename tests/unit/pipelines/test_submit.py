from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lt4rec_core.config import Config, changed
from lt4rec_core.errors import ClusterError, ConfigError
from pipelines.cli import app
from pipelines.schedule import create_schedule
from pipelines.submit import submit_run


def with_kubeflow(config: Config, **settings: Any) -> Config:
    return changed(config, {f"cluster.kubeflow.{name}": v for name, v in settings.items()})


def test_run_has_the_dag_its_day_and_its_service_account(kubeflow, cluster_config) -> None:
    started = submit_run(cluster_config, "2026-01-10", git_commit="abc")
    (run,) = kubeflow.runs
    assert started == {
        "run_id": run["run_id"],
        "name": "feed 2026-01-10",
        "data_date": "2026-01-10",
        "url": f"{kubeflow.url}/#/runs/details/{run['run_id']}",
    }
    assert run["runtime_config"]["parameters"] == {"data_date": "2026-01-10"}
    assert run["service_account"] == "lt4rec-pipeline"
    assert run["experiment_id"] == kubeflow.experiments[0]["experiment_id"]
    assert run["pipeline_spec"]["pipeline_spec"]["pipelineInfo"]["name"] == "lt4rec-training"
    executors = run["pipeline_spec"]["platform_spec"]["platforms"]["kubernetes"]
    assert "exec-ingest" in executors["deploymentSpec"]["executors"]


def test_other_logs_can_be_given(kubeflow, cluster_config) -> None:
    submit_run(cluster_config, "2026-01-10", source="s3://other")
    assert kubeflow.runs[0]["runtime_config"]["parameters"]["source"] == "s3://other"


def test_forced_day_is_a_parameter_of_the_daily_pipeline_alone(kubeflow, cluster_config) -> None:
    submit_run(cluster_config, "2026-01-10", pipeline="daily-retraining", forced=True)
    (run,) = kubeflow.runs
    assert run["runtime_config"]["parameters"] == {"data_date": "2026-01-10", "forced": True}
    name = run["pipeline_spec"]["pipeline_spec"]["pipelineInfo"]["name"]
    assert name == "lt4rec-daily-retraining"
    with pytest.raises(ConfigError, match="only a daily run can"):
        submit_run(cluster_config, "2026-01-10", forced=True)


def test_experiment_is_made_once(kubeflow, cluster_config) -> None:
    submit_run(cluster_config, "2026-01-10")
    submit_run(cluster_config, "2026-01-11")
    assert [e["display_name"] for e in kubeflow.experiments] == ["lt4rec"]


def test_day_is_asked_for_before_anything_is_sent(kubeflow, cluster_config) -> None:
    with pytest.raises(ConfigError, match="--data-date"):
        submit_run(cluster_config, "")
    assert not kubeflow.tokens


def test_logs_that_nothing_names_are_asked_for_before_anything_is_sent(
    kubeflow, cluster_config
) -> None:
    nowhere = changed(cluster_config, {"cluster.source": ""})
    for start in (
        lambda: submit_run(nowhere, "2026-01-10"),
        lambda: create_schedule(nowhere, "30 4 * * *"),
    ):
        with pytest.raises(ConfigError, match="--source"):
            start()
    assert not kubeflow.tokens


def test_token_in_a_file_goes_with_every_call_and_is_read_anew(
    kubeflow, cluster_config, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    asks = with_kubeflow(cluster_config, auth="token_file", token_file=str(file))
    for token in ("first", "second"):
        file.write_text(f"{token}\n", encoding="utf-8")
        kubeflow.token = token
        submit_run(asks, "2026-01-10")
    assert set(kubeflow.tokens) == {"Bearer first", "Bearer second"}


def test_service_accounts_token_is_where_kubernetes_projects_it(
    kubeflow, cluster_config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("projected", encoding="utf-8")
    monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(tmp_path / "token"))
    kubeflow.token = "projected"
    submit_run(with_kubeflow(cluster_config, auth="service_account"), "2026-01-10")
    assert len(kubeflow.runs) == 1


def test_missing_token_of_the_service_account_is_told(
    kubeflow, cluster_config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(tmp_path / "none"))
    with pytest.raises(ClusterError, match="mount one for the service account"):
        submit_run(with_kubeflow(cluster_config, auth="service_account"), "2026-01-10")


@pytest.mark.parametrize("content", [None, " \n", b"\xff"])
def test_token_file_that_holds_none_is_refused(
    kubeflow, cluster_config, tmp_path: Path, content: str | bytes | None
) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError, match="token_file"):
        submit_run(
            with_kubeflow(cluster_config, auth="token_file", token_file=str(file)), "2026-01-10"
        )


def test_wrong_token_is_told_without_showing_it(kubeflow, cluster_config, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("guessed", encoding="utf-8")
    kubeflow.token = "right"
    asks = with_kubeflow(cluster_config, auth="token_file", token_file=str(tmp_path / "token"))
    with pytest.raises(ClusterError, match=r"401.*check cluster\.kubeflow\.auth") as caught:
        submit_run(asks, "2026-01-10")
    assert "guessed" not in str(caught.value)


def test_where_users_are_kept_apart_a_namespace_is_asked_for(kubeflow, cluster_config) -> None:
    kubeflow.multi_user = True
    with pytest.raises(ConfigError, match=r"cluster\.kubeflow\.namespace"):
        submit_run(cluster_config, "2026-01-10")
    submit_run(with_kubeflow(cluster_config, namespace="team"), "2026-01-10")
    assert kubeflow.experiments[0]["namespace"] == "team"


def test_refusal_is_told_with_the_servers_word(kubeflow, cluster_config) -> None:
    kubeflow.broken = True
    with pytest.raises(ClusterError, match="the database is down"):
        submit_run(cluster_config, "2026-01-10")


def test_server_that_isnt_there_is_told(cluster_config) -> None:
    gone = with_kubeflow(cluster_config, host="http://127.0.0.1:9")
    with pytest.raises(ClusterError, match=r"can't be reached.*cluster\.kubeflow\.host"):
        submit_run(gone, "2026-01-10")


def test_json_is_all_of_stdout(kubeflow) -> None:
    where = ["--set", f"cluster.kubeflow.host={kubeflow.url}", "--source", "s3://logs"]
    call = ["submit", "demo", "--data-date", "2026-01-10", "--json", *where]
    result = CliRunner().invoke(app, call)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["run_id"] == kubeflow.runs[0]["run_id"]
