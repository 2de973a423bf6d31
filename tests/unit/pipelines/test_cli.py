"""The commands' wiring: arguments, exit codes, what goes to stdout and what to stderr."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

import pipelines.run
from lt4rec_core.errors import InputError, ValidationError
from pipelines.cli import app
from pipelines.cli.arguments import git_commit, read_config
from pipelines.cli.closing import mlflow_command
from pipelines.cli.progress import Board, nodes
from pipelines.cli.surroundings import confine, silence

PROJECT = Path(__file__).resolve().parents[3]
SUMMARY = {
    "run_id": "abc",
    "data_date": "2026-01-10",
    "metrics": {"ctr": {"auc": 0.7, "gauc": 0.6}, "cvr": {"mse": 0.08}},
    "events": {"ctr": 99, "cvr": None},
    "mtl_gain": {"ctr": {"value": 0.01, "low": 0.002, "high": 0.02}, "cvr": {"value": -0.001}},
    "masks": {
        "ctr": {"density": 0.3, "digest": "d1", "round": 2},
        "cvr": {"density": 0.4, "digest": "d2", "round": 1},
        "overlap": 0.5,
    },
    "gate": {"accepted": False, "reasons": ["ctr auc = 0.7 misses the floor 0.8"]},
    "model": {"name": "m", "version": "3", "alias": "challenger", "uri": "models:/m/3"},
    "report": "/w/reports/abc.html",
    "seconds": {"ingest": 1.5},
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    """The commands change the environment for good; a test mustn't."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())


@pytest.fixture
def call():
    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture
def training(monkeypatch):
    """Replaces the DAG; `.error` is raised, `.calls` are kept."""

    replaced = SimpleNamespace(error=None, calls=[])

    def run_training(*arguments, **named):
        replaced.calls.append((arguments, named))
        named["show"]("[ingest] started")
        if replaced.error:
            raise replaced.error
        return SUMMARY

    monkeypatch.setattr(pipelines.run, "run_training", run_training)
    return replaced


@pytest.fixture
def run(call, training, tmp_path):
    return lambda *more: call(
        *("run", "demo", "--source", "logs", "--workspace", tmp_path / "w"),
        *("--data-date", "2026-01-10", *more),
    )


def test_json_is_all_of_stdout_and_progress_is_on_stderr(run):
    result = run("--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == SUMMARY
    assert result.stderr == "[ingest] started\n"


def test_people_read_metrics_verdict_version_report_and_the_mlflow_command(run, tmp_path):
    text = run().stdout
    for part in (
        "auc 0.70000",
        "+0.00200 to +0.02000",
        "-0.00100",
        "refused",
        "ctr auc = 0.7 misses the floor 0.8",
        "m version 3, alias challenger",
        "/w/reports/abc.html",
        f"mlflow ui --backend-store-uri sqlite:///{tmp_path / 'w' / 'mlflow.db'}",
    ):
        assert part in text


def test_overrides_and_arguments_reach_the_run(run, training, tmp_path):
    run("--set", "prune.rounds=7", "--set", "tasks.cvr.weight=0.5")
    (config, source, day, workspace), named = training.calls[0]
    assert (config.prune.rounds, config.tasks[1].weight) == (7, 0.5)
    assert (source, day, workspace) == ("logs", "2026-01-10", tmp_path / "w")
    assert named["git_commit"] == git_commit()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("no such day"), 2),
        (ValidationError("bad rows"), 3),
        (RuntimeError("a defect"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_exit_code_belongs_to_the_kind_of_error(run, training, error, code):
    training.error = error
    result = run("--json")
    assert (result.exit_code, result.stdout) == (code, "")


def test_expected_error_is_one_message_without_traceback(run, training):
    training.error = InputError("no such day")
    assert run().stderr == "[ingest] started\nerror: no such day\n"


def test_unforeseen_error_shows_its_traceback(run, training):
    training.error = RuntimeError("a defect")
    stderr = run().stderr
    assert "Traceback" in stderr
    assert stderr.splitlines()[-1].startswith("error: RuntimeError: a defect")


def test_sigterm_ends_with_143(run, training, monkeypatch):
    def terminated(*_, **__):
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(pipelines.run, "run_training", terminated)
    before = signal.getsignal(signal.SIGTERM)
    assert run().exit_code == 143
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("day", ["2026-1-1", "20260101", "yesterday", "2026-02-30"])
def test_day_that_is_none_is_wrong_usage(call, day):
    result = call("run", "demo", "--source", "x", "--workspace", "w", "--data-date", day)
    assert result.exit_code == 2
    assert "--data-date" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("run", "demo"), "--source"),
        (("no-such-command",), "no-such-command"),
        (("generate", "nowhere", "--target", "x"), "shipped ones, comparison, demo"),
        (("compare", "demo", "--source", "x", "--workspace", "w", "--arms", "no"), "known arms"),
        (("generate", "demo", "--target", "x", "--set", "prune.round=3"), "mean 'rounds'"),
        (("generate", "demo", "--target", "x", "--set", "prune"), "section.key=value"),
    ],
)
def test_wrong_usage_and_configuration_exit_2(call, arguments, message):
    result = call(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("history", "--workspace", "w", "--tracking-uri", "postgresql://user:hush@db/mlflow"),
        ("promote", "3", "--workspace", "w", "--tracking-uri", "https://user:hush@mlflow"),
        ("run", "demo", "--workspace", "w", "--source", "https://user:hush@logs"),
        ("submit", "demo", "--source", "s3://user:hush@logs"),
        ("doctor", "--source", "s3://user:hush@logs"),
    ],
)
def test_a_password_in_an_address_is_refused_and_not_shown(call, arguments):
    result = call(*arguments)
    assert result.exit_code == 2
    option = next(text for text in arguments if text in ("--tracking-uri", "--source"))
    assert f"{option} has a password in its address" in result.stderr
    assert "hush" not in result.stdout + result.stderr


def test_shipped_configuration_goes_by_its_bare_name():
    assert read_config("demo") == read_config(str(PROJECT / "pipelines/configs/demo.toml"))


@pytest.mark.parametrize("mark", ["?", "%", "#"])
def test_workspace_that_addresses_would_read_otherwise_is_refused(call, tmp_path, mark):
    place = tmp_path / f"a{mark}20b"
    result = call("run", "demo", "--source", tmp_path, "--workspace", place)
    assert result.exit_code == 2
    assert f"has '{mark}' in its path" in result.stderr
    assert not [*tmp_path.iterdir()]


def test_workspace_that_cannot_be_made_is_told(call, tmp_path):
    (tmp_path / "file").write_text("")
    place = tmp_path / "file" / "w"
    result = call("run", "demo", "--source", "x", "--workspace", place)
    assert result.exit_code == 1
    assert f"error: the workspace {place}" in result.stderr


def test_generate_leaves_the_same_world_alone(call, tmp_path):
    small = ("--set", "synthetic.days=1", "--set", "synthetic.rows_per_day=20")
    target = tmp_path / "logs"
    assert call("generate", "demo", "--target", target, *small).exit_code == 0
    made = (target / "synthetic.json").stat().st_mtime_ns
    again = call("generate", "demo", "--target", target, *small)
    assert "already there" in again.stderr
    assert (target / "synthetic.json").stat().st_mtime_ns == made


def test_generate_refuses_a_folder_with_another_world(call, tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")
    result = call("generate", "demo", "--target", tmp_path)
    assert result.exit_code == 2
    assert (tmp_path / "mine.txt").read_text() == "keep me"


def test_report_of_a_folder_without_runs_is_told(call, tmp_path):
    result = call("report", "--workspace", tmp_path)
    assert result.exit_code == 2
    assert "holds no runs" in result.stderr
    assert not any(tmp_path.iterdir())


def test_version_is_said(call):
    assert call("--version").stdout.startswith("lt4rec 0.")


def test_help_needs_none_of_the_heavy_libraries():
    heavy = "{'torch', 'mlflow', 'kfp', 'polars', 'pydantic', 'numpy', 'boto3', 'matplotlib'}"
    code = f"import sys, pipelines.cli; print({heavy} & set(sys.modules))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_dependencies_report_nothing_home():
    silence()
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert os.environ["DO_NOT_TRACK"] == "1"
    assert os.environ["GX_ANALYTICS_ENABLED"] == "false"


def test_caches_and_temporary_files_go_to_the_workspace(tmp_path):
    confine(tmp_path)
    assert Path(tempfile.gettempdir()).is_relative_to(tmp_path)
    assert Path(os.environ["MPLCONFIGDIR"]).is_relative_to(tmp_path)


def test_commit_is_a_hash_of_this_checkout_or_nothing():
    commit = git_commit().removesuffix("-dirty")
    assert commit == "" or (len(commit) == 40 and int(commit, 16))


def test_commit_is_unknown_without_git(monkeypatch):
    monkeypatch.setitem(os.environ, "PATH", "")
    assert git_commit() == ""


def test_mlflow_server_is_opened_in_a_browser():
    tracking = read_config("demo", ["tracking.uri=http://host:5000"]).tracking
    assert mlflow_command(tracking, Path("w")) == "open http://host:5000 in a browser"


def test_board_knows_the_nodes_of_the_dag():
    config = read_config("demo")
    board = Board(nodes(config))
    for line in (
        "[ingest] skipped: nothing changed since run 1",
        "[ingest] finished in 0.1 s",
        "[prune-ctr] round 0/4: density 1.000",
    ):
        board.take(line)
    states = {name: row.state for name, row in board.rows.items() if row.state != "waiting"}
    assert states == {"ingest": "kept", "prune-ctr": "running"}
    board.stop()
    assert board.rows["prune-ctr"].state == "stopped"
    assert board.table().row_count == 10
