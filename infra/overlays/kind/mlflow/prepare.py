"""Makes the buckets of a laptop's cluster and writes made-up logs into one of them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import boto3

from lt4rec_core.data.synthetic import generate
from lt4rec_core.tracking import SilentTracker
from pipelines.cli.arguments import read_config

LOGS, ARTIFACTS, PREFIX = "lt4rec-logs", "lt4rec-artifacts", "feed"


def main() -> None:
    """Does both; what is there already is written again."""
    client = boto3.client("s3", endpoint_url=os.environ["MLFLOW_S3_ENDPOINT_URL"])
    known = {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}
    for bucket in {LOGS, ARTIFACTS} - known:
        client.create_bucket(Bucket=bucket)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "logs"
        generate(read_config("kind").synthetic, root, SilentTracker())
        for path in sorted(root.rglob("*.*")):
            client.upload_file(str(path), LOGS, f"{PREFIX}/{path.relative_to(root).as_posix()}")


if __name__ == "__main__":
    main()
