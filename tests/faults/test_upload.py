"""Artifacts on their way into S3 through a connection that breaks in the middle of a file."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from components.store import Store, open_store
from lt4rec_core.config import Tracking
from lt4rec_core.errors import StoreError

FILES = {"manifest.json": b"{}", "tensors.safetensors": bytes(range(256)) * 4096}


@pytest.fixture(scope="module")
def store(proxy, new_workspace) -> Store:
    """MLflow's store in a file, with its artifacts behind the proxy."""
    workspace = new_workspace()
    boto3.client("s3", endpoint_url=proxy.url, region_name="us-east-1").create_bucket(
        Bucket="artifacts"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_S3_ENDPOINT_URL", proxy.url)
        patch.setenv("AWS_MAX_ATTEMPTS", "3")
        yield open_store(
            Tracking(
                uri=f"sqlite:///{workspace / 'mlflow.db'}", artifact_root="s3://artifacts/mlflow"
            ),
            workspace,
        )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "mask"
    made.mkdir()
    for name, content in FILES.items():
        (made / name).write_bytes(content)
    return made


def test_a_reset_in_the_middle_of_an_upload_that_passes_leaves_no_trace(store, folder, faults):
    run_id = store.start_parent("p", {})
    faults.plan("reset upload", 2, method="PUT", part="tensors")
    found = store.folder(store.log_folder(run_id, folder, "mask"))
    assert faults.seen == 2
    assert {path.name: path.read_bytes() for path in found.iterdir()} == FILES


def test_resets_that_stay_are_said_and_what_is_half_there_is_never_taken_for_whole(
    store, folder, faults
):
    run_id = store.start_parent("p", {})
    faults.plan("reset upload", 10_000, method="PUT", part="tensors")
    with pytest.raises(StoreError, match=r"artifact 'mask' can't be stored"):
        store.log_folder(run_id, folder, "mask")
    faults.plan("", 0)
    stored = {Path(entry.path).name for entry in store.client.list_artifacts(run_id, "mask")}
    assert "tensors.safetensors" not in stored
    again = store.log_folder(run_id, folder, "mask")
    found = store.folder(again)
    assert {path.name: path.read_bytes() for path in found.iterdir()} == FILES
