"""What the laptop's overlay prepares is what the configuration `kind` reads."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws

from pipelines.cli.arguments import read_config

SCRIPT = Path(__file__).parents[2] / "infra" / "overlays" / "kind" / "mlflow" / "prepare.py"


@pytest.fixture(scope="module")
def prepare() -> ModuleType:
    spec = importlib.util.spec_from_file_location("prepare", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """An empty S3, in this process."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "anything")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("MLFLOW_S3_ENDPOINT_URL", "https://s3.amazonaws.com")
    with mock_aws():
        yield boto3.client("s3")


def test_logs_and_buckets_are_where_the_configuration_looks_for_them(
    prepare: ModuleType, objects: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = read_config("kind")
    few = read_config("kind", ["synthetic.rows_per_day=20", "synthetic.users=30"])
    monkeypatch.setattr(prepare, "read_config", lambda _: few)
    prepare.main()
    prepare.main()  # a job that was killed is tried again
    assert config.cluster.source == f"s3://{prepare.LOGS}/{prepare.PREFIX}"
    buckets = {bucket["Name"] for bucket in objects.list_buckets()["Buckets"]}
    assert config.tracking.artifact_root.split("/")[2] in buckets
    keys = [e["Key"] for e in objects.list_objects_v2(Bucket=prepare.LOGS)["Contents"]]
    days = {found[1] for key in keys if (found := re.search(r"/impressions/date=([\d-]+)/", key))}
    assert len(days) == config.synthetic.days >= config.ingest.train_days + 2
    assert all(key.startswith(f"{prepare.PREFIX}/") for key in keys)
