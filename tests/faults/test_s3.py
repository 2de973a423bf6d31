"""Logs behind an S3 API that fails: reading recovers by itself, or stops and says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest

from lt4rec_core.config import changed
from lt4rec_core.data.synthetic import generate
from lt4rec_core.errors import InputError
from lt4rec_core.stages.ingest import ingest
from lt4rec_core.tracking import SilentTracker

DAY, PLACE = "2026-01-05", "s3://logs/raw"
FORMATS = ("parquet", "csv")


@pytest.fixture(scope="module")
def client(proxy):
    made = boto3.client("s3", endpoint_url=proxy.url, region_name="us-east-1")
    made.create_bucket(Bucket="logs")
    return made


@pytest.fixture(scope="module")
def uploaded(client, proxy, tiny_config, tmp_path_factory):
    """The same world in each format; gives the settings that read it through the proxy."""
    configs = {}
    for form in FORMATS:
        config = changed(
            tiny_config,
            {
                "synthetic.format": form,
                "synthetic.compression": "gz",
                "ingest.s3.endpoint_url": proxy.url,
                "ingest.s3.allow_http": True,
                "ingest.s3.retries": 3,
                "ingest.s3.timeout_seconds": 1.0,
            },
        )
        root = generate(config.synthetic, tmp_path_factory.mktemp(form) / "logs", SilentTracker())
        for path in root.rglob("part-*"):
            key = f"raw/{form}/{path.relative_to(root).as_posix()}"
            client.upload_file(str(path), "logs", key)
        configs[form] = config
    return configs


@pytest.fixture(scope="module")
def sound(uploaded, tmp_path_factory) -> dict[str, str]:
    """Digests of what is read when nothing fails."""
    root = tmp_path_factory.mktemp("sound")
    return {form: read(uploaded[form], form, root / form).digest for form in FORMATS}


def read(config, form: str, target: Path):
    return ingest(config, f"{PLACE}/{form}", DAY, target, SilentTracker())


LISTING, OBJECT = "list-type=2", "/part-"
QUICK = {
    ("csv", LISTING, "503 SlowDown"),
    ("csv", OBJECT, "reset"),
    ("csv", OBJECT, "silence"),
    ("parquet", OBJECT, "500 InternalError"),
    ("parquet", OBJECT, "reset"),
}


def some(*cases: tuple[str, ...], quick: set[tuple[str, ...]]) -> list[Any]:
    """The cases; `make test-faults` alone runs those that aren't quick."""
    slow = pytest.mark.slow
    return [pytest.param(*case, marks=() if case in quick else slow) for case in cases]


@pytest.mark.parametrize(
    ("form", "part", "fault"),
    some(
        *(
            (form, part, fault)
            for form, part in (("csv", LISTING), ("csv", OBJECT), ("parquet", OBJECT))
            for fault in ("500 InternalError", "503 SlowDown", "silence", "reset")
        ),
        quick=QUICK,
    ),
)
def test_a_fault_that_passes_leaves_no_trace(uploaded, sound, faults, tmp_path, form, fault, part):
    faults.plan(fault, 2, part=part)
    assert read(uploaded[form], form, tmp_path / "dataset").digest == sound[form]
    assert faults.seen == 2


@pytest.mark.parametrize(
    ("form", "fault"),
    some(
        ("csv", "503 SlowDown"),
        ("csv", "reset"),
        ("parquet", "500 InternalError"),
        quick={("csv", "503 SlowDown"), ("parquet", "500 InternalError")},
    ),
)
def test_a_fault_that_stays_stops_the_run_with_nothing_left(
    uploaded, faults, tmp_path, form, fault
):
    faults.plan(fault, 10_000, part="/part-")
    with pytest.raises(InputError, match=r"s3://logs/raw"):
        read(uploaded[form], form, tmp_path / "dataset")
    assert list(tmp_path.iterdir()) == []


EXPIRED = ("403 ExpiredToken", r"ExpiredToken|privileges")
MISSING = ("404 NoSuchKey", r"removed|not found|NoSuchKey")


@pytest.mark.parametrize(
    ("form", "fault", "said"),
    some(
        *((form, *case) for form in FORMATS for case in (EXPIRED, MISSING)),
        quick={("csv", *EXPIRED), ("parquet", *MISSING)},
    ),
)
def test_what_no_second_try_mends_is_said(uploaded, faults, tmp_path, form, fault, said):
    faults.plan(fault, 10_000, part="/part-")
    with pytest.raises(InputError, match=said):
        read(uploaded[form], form, tmp_path / "dataset")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", some(("csv",), ("parquet",), quick={("csv",)}))
def test_an_object_that_changes_while_it_is_read_stops_the_run(
    uploaded, client, tmp_path, form, monkeypatch
):
    from lt4rec_core.stages import ingest as stage

    [key] = [
        item["Key"]
        for item in client.list_objects_v2(Bucket="logs", Prefix=f"raw/{form}/clicks")["Contents"]
        if DAY in item["Key"]
    ]
    whole = client.get_object(Bucket="logs", Key=key)["Body"].read()
    splits_of = stage.splits_of

    def grow(*arguments):
        client.put_object(Bucket="logs", Key=key, Body=whole + b"\n")
        return splits_of(*arguments)

    monkeypatch.setattr(stage, "splits_of", grow)
    try:
        with pytest.raises(InputError, match=r"changed (while|or removed)|can't be read"):
            read(uploaded[form], form, tmp_path / "dataset")
    finally:
        client.put_object(Bucket="logs", Key=key, Body=whole)
    assert list(tmp_path.iterdir()) == []
