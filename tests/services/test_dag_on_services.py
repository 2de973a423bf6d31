"""The whole DAG with a cluster's parts: PostgreSQL, an MLflow server that asks who, S3."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lt4rec_core.config import Synthetic
from lt4rec_core.data.synthetic import generate
from lt4rec_core.tracking import SilentTracker

SMALL = Path(__file__).parents[1] / "e2e" / "small.toml"
SOURCE, DAY = "s3://lt4rec-logs/feed", "2026-01-05"

pytestmark = pytest.mark.xdist_group("services")  # they share one finished run

Call = Callable[..., "subprocess.CompletedProcess[str]"]


def keys(objects: Any, bucket: str, prefix: str) -> list[str]:
    """The keys of a bucket's objects."""
    pages = objects.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [entry["Key"] for page in pages for entry in page.get("Contents", ())]


@pytest.fixture(scope="module")
def source(objects: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Raw logs of five days in S3."""
    world = Synthetic(days=5, rows_per_day=300, users=80, items=60)
    root = generate(world, tmp_path_factory.mktemp("world") / "logs", SilentTracker())
    for path in root.rglob("*.*"):
        key = f"feed/{path.relative_to(root).as_posix()}"
        objects.upload_file(str(path), "lt4rec-logs", key)
    return SOURCE


@pytest.fixture(scope="module")
def summary(
    source: str, services: Any, lt4rec: Call, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """The `--json` object of one run of the DAG."""
    settings = {
        "tracking.uri": services.mlflow,
        "tracking.artifact_root": "s3://lt4rec-artifacts/mlflow",
        "ingest.s3.endpoint_url": services.s3,
        "ingest.s3.allow_http": "true",
    }
    chosen = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
    place = ("--source", source, "--data-date", DAY, "--workspace", tmp_path_factory.mktemp("w"))
    done = lt4rec("run", SMALL, *place, "--json", *chosen)
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_model_is_registered_as_champion_in_postgresql(summary, mlflow_client, services) -> None:
    import psycopg2

    version = mlflow_client.get_model_version_by_alias("small", "champion")
    assert version.version == summary["model"]["version"] == "1"
    with psycopg2.connect(services.postgres.replace("+psycopg2", "")) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT alias, version FROM registered_model_aliases WHERE name = 'small'")
        assert cursor.fetchall() == [("champion", 1)]
    connection.close()


# MLflow would check inputs by type hints, too; the model's signature does.
@pytest.mark.filterwarnings("ignore:.*Any type hint is inferred:UserWarning")
def test_artifacts_are_in_s3_and_the_model_loads(summary, mlflow_client, objects) -> None:
    import mlflow

    assert any("masks" in key or "prune" in key for key in keys(objects, "lt4rec-artifacts", ""))
    mlflow.set_tracking_uri(mlflow_client.tracking_uri)
    ranker = mlflow.pyfunc.load_model("models:/small@champion")
    assert {"pctr", "pcvr", "rank_score"} <= {
        column.name for column in ranker.metadata.get_output_schema()
    }


def test_nobody_gets_in_without_a_password(services) -> None:
    import requests

    url = f"{services.mlflow}/api/2.0/mlflow/experiments/search"
    assert requests.post(url, json={"max_results": 1}, timeout=30).status_code == 401


def test_no_secret_is_in_what_mlflow_has_of_a_run(summary, mlflow_client, services) -> None:
    runs = mlflow_client.search_runs([e.experiment_id for e in mlflow_client.search_experiments()])
    assert len(runs) > len(summary["seconds"])
    told = json.dumps([[run.data.params, run.data.tags] for run in runs])
    assert services.environment["MLFLOW_TRACKING_PASSWORD"] not in told
    assert services.environment["AWS_SECRET_ACCESS_KEY"] not in told
