"""What the doctor finds, one check at a time."""

import json
import os
import sqlite3
import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines import doctor
from pipelines.cli import app
from pipelines.cli.arguments import read_config

GIB = 2**30


@pytest.fixture(autouse=True)
def _environment(monkeypatch):
    """No credentials of the machine's user, and nothing left in the environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    nowhere = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/nowhere"}
    monkeypatch.setattr(os, "environ", kept | nowhere | {"AWS_SHARED_CREDENTIALS_FILE": "/no"})
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())


def test_old_python_fails():
    assert doctor.check_python((3, 10, 4)).status == "fail"
    assert doctor.check_python((3, 11, 0)).status == "ok"


def test_package_of_another_version_than_locked_is_named(tmp_path):
    lock = tmp_path / "requirements.lock"
    lock.write_text("# pinned\nnumpy==0.0.1\nno-such-package==1.0\n")
    check = doctor.check_packages(lock)
    assert check.status == "warn"
    assert "(locked 0.0.1)" in check.seen
    assert "no-such-package missing" in check.seen


def test_no_lock_is_no_fault(tmp_path):
    assert doctor.check_packages(tmp_path / "requirements.lock").status == "ok"


def test_more_threads_than_cores_are_warned_of():
    assert doctor.check_threads(8, 2).status == "warn"
    assert doctor.check_threads(0, 2).status == "ok"


@pytest.mark.parametrize(
    ("free", "status"), [(GIB // 2, "fail"), (2 * GIB, "warn"), (8 * GIB, "ok")]
)
def test_memory_is_judged(free, status):
    assert doctor.check_memory(free).status == status


def test_workspace_that_is_not_there_yet_is_not_made(tmp_path):
    place = tmp_path / "a" / "b"
    assert doctor.check_writable(place).status == "ok"
    assert doctor.check_disk(place).status in ("ok", "warn")
    assert not (tmp_path / "a").exists()


def test_workspace_that_cannot_be_written_fails():
    assert doctor.check_writable(Path("/proc/lt4rec")).status == "fail"


def test_missing_cuda_fails_only_where_it_is_asked_for():
    import torch

    expected = "ok" if torch.cuda.is_available() else "fail"
    assert doctor.check_torch("cuda").status == expected
    assert doctor.check_torch("cpu").status == "ok"


def test_store_is_not_made_by_looking_at_it(tmp_path):
    assert doctor.check_store(read_config("demo"), tmp_path).status == "ok"
    assert not any(tmp_path.iterdir())


def test_workspace_that_would_be_refused_fails(tmp_path):
    check = doctor.check_store(read_config("demo"), tmp_path / "a?b")
    assert check.status == "fail"
    assert "'?' in its path" in check.advice


def test_locked_store_fails(tmp_path, monkeypatch):
    monkeypatch.setattr("components.store_check._TIMEOUT_SECONDS", 0.02)
    holder = sqlite3.connect(tmp_path / "mlflow.db")
    holder.execute("BEGIN EXCLUSIVE")
    check = doctor.check_store(read_config("demo"), tmp_path)
    holder.close()
    assert check.status == "fail"
    assert "locked" in check.advice


def test_server_that_is_away_fails(tmp_path):
    config = read_config("demo", ["tracking.uri=http://127.0.0.1:9"])
    assert doctor.check_store(config, tmp_path).status == "fail"


def test_missing_s3_credentials_are_told():
    [check] = doctor.check_s3(read_config("demo"), "s3://bucket/logs")
    assert (check.status, check.seen) == ("fail", "no credentials")


def test_unknown_profile_is_told():
    config = read_config("demo", ["ingest.s3.profile=nobody"])
    [check] = doctor.check_s3(config, "s3://bucket/logs")
    assert check.status == "fail"
    assert "nobody" in check.seen


def test_s3_endpoint_that_is_away_is_told(monkeypatch):
    monkeypatch.setitem(os.environ, "AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setitem(os.environ, "AWS_SECRET_ACCESS_KEY", "b")
    config = read_config("demo", ["ingest.s3.endpoint_url=http://127.0.0.1:9"])
    [check] = doctor.check_s3(config, "s3://bucket/logs")
    assert check.status == "fail"
    assert "127.0.0.1:9" in check.seen


def test_local_source_needs_no_credentials():
    assert doctor.check_s3(read_config("demo"), "logs") == []


def test_doctor_exits_1_when_something_fails(tmp_path):
    arguments = ["doctor", "demo", "--json", "--workspace", str(tmp_path)]
    server = ["--set", "tracking.uri=http://127.0.0.1:9"]
    result = CliRunner().invoke(app, arguments + server)
    assert result.exit_code == 1
    told = json.loads(result.stdout.splitlines()[-1])
    assert not told["healthy"]
    assert {"Python", "memory", "MLflow store"} <= {check["name"] for check in told["checks"]}


def test_doctor_says_what_to_do(tmp_path):
    place = str(tmp_path)
    result = CliRunner().invoke(app, ["doctor", "demo", "--workspace", place])
    assert "threads" in result.stdout
    assert result.exit_code == 0
