"""The comparison command on a tiny synthetic world: answer, reuse, resumption, processes."""

from __future__ import annotations

import json
import os
import tempfile
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.testing import CliRunner

from components.store import Store, open_store
from lt4rec_core.config import Config, changed
from lt4rec_core.errors import ConfigError, LT4RECError, TrainingError
from pipelines.cli import app
from pipelines.compare import run_comparison

DAY = "2026-01-05"
CONFIG = """
name = "smoke"
seed = 3
threads = 1

[ingest]
train_days = 3
[ingest.events]
allow_extra_columns = true

[[fields]]
name = "user_id"
[[fields]]
name = "item_id"
[[fields]]
name = "tags"
values = "multi"

[validate]
volume_ratio = [0.1, 10.0]
max_psi = 5.0

[model]
embedding_dim = 4
hidden = [8]

[optimizer]
batch_size = 128
learning_rate = 0.01

[prune]
rounds = 2
final_density = 0.5

[evaluate]
bootstrap_replicates = 20

[comparison]
data_date = "2026-01-05"
processes = 1
"""

pytestmark = pytest.mark.xdist_group("comparison")  # they share one finished comparison


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("config") / "smoke.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture(scope="module")
def settings(config: Path) -> Config:
    from lt4rec_core.config import load

    return load(config, ["comparison.seeds=1"])


@pytest.fixture(scope="module")
def finished(
    settings: Config, tiny_logs: Path, new_workspace: Callable[[], Path]
) -> tuple[Path, dict[str, Any], list[str]]:
    """A workspace, the answer, and what was said."""
    workspace, lines = new_workspace(), []
    told = run_comparison(settings, str(tiny_logs), DAY, workspace, show=lines.append)
    return workspace, told, lines


def but_seconds(told: dict[str, Any]) -> dict[str, Any]:
    arms = {name: {**arm, "seconds": None} for name, arm in told["arms"].items()}
    return {**told, "arms": arms, "report": None}


def test_one_command_compares_two_arms(
    config: Path, tiny_logs: Path, finished: tuple[Path, dict[str, Any], list[str]], tmp_path: Path
) -> None:
    workspace, told, _ = finished
    arguments = ["compare", config, "--source", tiny_logs, "--workspace", workspace, "--seeds", 1]
    arguments += ["--arms", "single_task,connection_share", "--json"]
    arguments += ["--results", tmp_path / "RESULTS.md"]
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert but_seconds(answer) == but_seconds(told)
    assert Path(answer["report"]).is_file()
    assert "# Results" in (tmp_path / "RESULTS.md").read_text()
    assert "[arm-connection-share-3] skipped" in done.stderr


def test_arms_beside_each_other_come_to_the_same_though_one_was_killed(
    settings: Config,
    tiny_logs: Path,
    finished: tuple[Path, dict[str, Any], list[str]],
    new_workspace: Callable[[], Path],
) -> None:
    parallel, workspace = changed(settings, {"comparison.processes": 2}), new_workspace()

    def kill(line: str) -> None:  # as a system does that has no more memory
        if line.startswith("[arm-single-task-3] started"):
            max(psutil.Process().children(), key=lambda worker: worker.pid).kill()

    with pytest.raises(LT4RECError, match=r"is gone: it was killed, perhaps for want of memory"):
        run_comparison(parallel, str(tiny_logs), DAY, workspace, show=kill)
    told = run_comparison(parallel, str(tiny_logs), DAY, workspace, show=lambda _: None)
    assert but_seconds(told) == but_seconds(finished[1])


def test_a_comparison_cut_short_goes_on(
    settings: Config, tiny_logs: Path, new_workspace: Callable[[], Path]
) -> None:
    workspace = new_workspace()

    def stop(line: str) -> None:
        if line.startswith("[compare] 2 of 3"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_comparison(settings, str(tiny_logs), DAY, workspace, show=stop)
    lines: list[str] = []
    run_comparison(settings, str(tiny_logs), DAY, workspace, show=lines.append)
    skipped = {line.partition("]")[0][1:] for line in lines if "] skipped" in line}
    assert {"baselines", "arm-single-task-3"} <= skipped
    assert "arm-connection-share-3" not in skipped


def test_another_arms_settings_train_only_that_arm(
    settings: Config, tiny_logs: Path, finished: tuple[Path, dict[str, Any], list[str]]
) -> None:
    lines: list[str] = []
    other = changed(
        settings, {"comparison.chosen": {"single_task": {"optimizer.learning_rate": 0.02}}}
    )
    run_comparison(other, str(tiny_logs), DAY, finished[0], show=lines.append)
    skipped = {line.partition("]")[0][1:] for line in lines if "] skipped" in line}
    assert skipped == {"ingest", "validate", "baselines", "arm-connection-share-3"}


def test_a_variant_that_equals_an_arm_is_not_trained_again(
    settings: Config, tiny_logs: Path, finished: tuple[Path, dict[str, Any], list[str]]
) -> None:
    same = {"name": "half", "group": "density", "set": {"prune.final_density": 0.5}}
    both = {"comparison.variants": [same], "comparison.ablations": True}
    lines: list[str] = []
    told = run_comparison(
        changed(settings, both), str(tiny_logs), DAY, finished[0], show=lines.append
    )
    assert any(line.startswith("[arm-half-3] skipped") for line in lines)
    assert but_seconds(told)["arms"] == but_seconds(finished[1])["arms"]
    by_task = told["ablations"]["density"]["half"]["tasks"]
    assert {task: about["difference"]["mean"] for task, about in by_task.items()} == {
        "ctr": 0.0,
        "cvr": 0.0,
    }
    store = open_store(settings.tracking, finished[0])
    run = store.search("tags.`lt4rec.node` = 'arm-half-3'")[-1]
    assert run.data.tags["lt4rec.arm"] == "half"
    assert "test.ctr.auc" in run.data.metrics


def test_equal_settings_asked_for_at_once_are_trained_once(
    settings: Config, tiny_logs: Path, finished: tuple[Path, dict[str, Any], list[str]]
) -> None:
    twins = [
        {"name": name, "group": "density", "set": {"prune.final_density": 0.4}}
        for name in ("one", "other")
    ]
    more = {
        "comparison.variants": twins,
        "comparison.ablations": True,
        "comparison.benefit": True,
        "comparison.processes": 2,
    }
    lines: list[str] = []
    told = run_comparison(
        changed(settings, more), str(tiny_logs), DAY, finished[0], show=lines.append
    )
    skipped = {line.partition("]")[0][1:] for line in lines if "] skipped" in line}
    assert len(skipped & {"arm-one-3", "arm-other-3"}) == 1
    values = [told["ablations"]["density"][name]["tasks"] for name in ("one", "other")]
    assert values[0] == values[1]
    assert set(told["benefit"]) == {"ctr", "cvr"}


def test_progress_tells_the_time_left(finished: tuple[Path, dict[str, Any], list[str]]) -> None:
    assert any("of 3 done, about" in line for line in finished[2])


def test_each_arm_and_seed_is_a_child_run_with_its_figures(
    settings: Config, finished: tuple[Path, dict[str, Any], list[str]]
) -> None:
    store: Store = open_store(settings.tracking, finished[0])
    run = store.search("tags.`lt4rec.node` = 'arm-connection-share-3'")[-1]
    assert run.info.status == "FINISHED"
    assert {"test.ctr.auc", "test.cvr.mse", "parameters", "density.ctr"} <= set(run.data.metrics)
    assert run.data.params["model.sharing"] == "connection_share"
    parent = store.client.get_run(run.data.tags["mlflow.parentRunId"])
    assert parent.info.status == "FINISHED"
    assert "report.html" in str(store.client.list_artifacts(parent.info.run_id, "report"))


@pytest.mark.parametrize("processes", [1, 2])
def test_an_arm_that_fails_stops_the_comparison_with_its_own_error(
    processes: int, settings: Config, tiny_logs: Path, new_workspace: Callable[[], Path]
) -> None:
    broken = changed(
        settings,
        {
            "comparison.processes": processes,
            "comparison.chosen": {"connection_share": {"optimizer.learning_rate": 1e38}},
        },
    )
    with pytest.raises(TrainingError, match="learning rate"):
        run_comparison(broken, str(tiny_logs), DAY, new_workspace(), show=lambda _: None)


def test_an_unknown_setting_of_an_arm_is_refused_before_anything_runs(
    settings: Config, tiny_logs: Path, tmp_path: Path
) -> None:
    chosen = {"connection_share": {"optimizer.learning_rat": 0.02}}
    broken = changed(settings, {"comparison.chosen": chosen})
    with pytest.raises(ConfigError, match="learning_rate"):
        run_comparison(broken, str(tiny_logs), DAY, tmp_path, show=lambda _: None)
    assert not (tmp_path / "mlflow.db").exists()


def test_settings_are_searched_and_written_as_toml(
    config: Path, tiny_logs: Path, finished: tuple[Path, dict[str, Any], list[str]], tmp_path: Path
) -> None:
    target = tmp_path / "chosen.toml"
    arguments = ["tune", config, "--source", tiny_logs, "--workspace", finished[0], "--trials", 2]
    arguments += ["--arms", "single_task", "--target", target, "--json"]
    arguments += ["--set", "comparison.search={'optimizer.weight_decay'={low=0.1, high=0.9}}"]
    done = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["arms"]["single_task"]["trials"] == 2
    chosen = tomllib.loads(target.read_text())["comparison"]["chosen"]["single_task"]
    assert chosen == told["arms"]["single_task"]["chosen"]
    assert "[tune-single-task] trial 2/2" in done.stderr
