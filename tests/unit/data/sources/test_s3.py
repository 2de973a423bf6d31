"""Sources behind a real S3 API: moto's server on the loopback interface."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from lt4rec_core.config import Ingest
from lt4rec_core.data.objects import open_location
from lt4rec_core.data.sources import SOURCES, Columns
from lt4rec_core.errors import InputError

DAY, NOON = "2026-01-02", "2026-01-02 12:00:00"
COLUMNS = Columns(single=("tab",), multi={"tags": ","})


@pytest.fixture(scope="module")
def endpoint():
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(autouse=True)
def _keys(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.fixture
def client(endpoint):
    import boto3

    made = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1")
    made.create_bucket(Bucket="logs")
    yield made
    for item in made.list_objects_v2(Bucket="logs").get("Contents", ()):
        made.delete_object(Bucket="logs", Key=item["Key"])
    made.delete_bucket(Bucket="logs")


def settings(endpoint: str, **s3) -> Ingest:
    reach = {"endpoint_url": endpoint, "allow_http": True, "retries": 0, "timeout_seconds": 5}
    return Ingest(s3={**reach, **s3})


def upload(client, root: Path, prefix: str = "raw/") -> None:
    for path in root.rglob("*.*"):
        client.upload_file(str(path), "logs", prefix + path.relative_to(root).as_posix())


@pytest.mark.parametrize("name", ["date=2026-01-02/p.parquet", "p.csv.gz", "p.jsonl.zst"])
def test_a_prefix_reads_like_a_folder(client, endpoint, log, build, tmp_path, name):
    log.fill(
        [build.impression("a", NOON), build.impression("b", NOON)],
        [build.happened("a", NOON)],
        [build.played("a", NOON, 5_000)],
        name=name,
    )
    upload(client, log.root)
    source, ingest = SOURCES["events"], settings(endpoint)
    assert source.days("s3://logs/raw", ingest) == (DAY,)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    days = source.read("s3://logs/raw", ingest, COLUMNS, (DAY,), scratch)
    [frame] = [day.frame.collect() for day in days]
    assert frame.equals(log.read(DAY)[0][0])
    assert not list(scratch.iterdir())


def test_the_fingerprint_follows_the_objects(client, endpoint, log, build):
    log.fill([build.impression("a", NOON)])
    upload(client, log.root)
    source, ingest = SOURCES["events"], settings(endpoint)
    before = source.fingerprint("s3://logs/raw/", ingest)
    assert source.fingerprint("s3://logs/raw", ingest) == before
    log.write("clicks", [build.happened("a", NOON)])
    upload(client, log.root)
    assert source.fingerprint("s3://logs/raw", ingest) != before


@pytest.mark.parametrize("name", ["p.parquet", "p.csv.gz"])
def test_a_truncated_object_is_named(client, endpoint, log, build, name):
    log.fill([build.impression(str(number), NOON) for number in range(300)], name=name)
    path = log.root / "impressions" / name
    path.write_bytes(path.read_bytes()[:-100])
    upload(client, log.root)
    with pytest.raises(InputError, match=f"s3://logs/raw/impressions/{name} can't be read"):
        list(SOURCES["events"].read("s3://logs/raw", settings(endpoint), COLUMNS, (DAY,)))


def test_a_prefix_without_files_is_named(client, endpoint):
    with pytest.raises(InputError, match="no file of the stream 'impressions'"):
        SOURCES["events"].days("s3://logs/nothing", settings(endpoint))


def test_a_missing_bucket_is_named(client, endpoint):
    with pytest.raises(InputError, match=f"no bucket 'other' at {endpoint}"):
        SOURCES["events"].days("s3://other/raw", settings(endpoint))


def test_a_silent_endpoint_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, but nobody listens
        place = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(InputError, match=f"at {place} can't be reached.*endpoint_url"):
            SOURCES["events"].days("s3://logs/raw", settings(place))


def test_http_must_be_allowed(endpoint):
    with pytest.raises(InputError, match=r"isn't encrypted.*allow_http"):
        SOURCES["events"].days("s3://logs/raw", settings(endpoint, allow_http=False))


def test_an_unknown_profile_is_named(endpoint):
    with pytest.raises(InputError, match=r"profile.*nobody.*ingest\.s3\.profile"):
        SOURCES["events"].days("s3://logs/raw", settings(endpoint, profile="nobody"))


def test_no_credentials_at_all_is_said(endpoint, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(InputError, match=r"credentials.*default AWS chain"):
        SOURCES["events"].days("s3://logs/raw", settings(endpoint))


def test_wrong_credentials_are_refused_with_a_remedy(client, endpoint):
    import urllib.request

    def check_credentials_after(requests: bytes) -> None:
        reset = urllib.request.Request(
            f"{endpoint}/moto-api/reset-auth", requests, {"Content-Type": "text/plain"}
        )
        urllib.request.urlopen(reset).close()

    check_credentials_after(b"0")
    try:
        with pytest.raises(InputError, match=r"refused the request.*check them"):
            SOURCES["events"].days("s3://logs/raw", settings(endpoint))
    finally:
        check_credentials_after(b"1000000000")


def test_the_named_profile_gives_the_keys(client, endpoint, tmp_path):
    (tmp_path / "credentials").write_text(
        "[reader]\naws_access_key_id = theirs\naws_secret_access_key = hidden\n"
    )
    place = open_location("s3://logs/raw", settings(endpoint, profile="reader").s3)
    assert place._session().get_credentials().access_key == "theirs"


@pytest.mark.parametrize("key", ["raw//{}/planted.csv", "raw//../planted.csv", "raw/../x/p.csv"])
def test_a_key_names_no_file_outside(client, endpoint, tmp_path, key):
    client.put_object(Bucket="logs", Key=key.format(tmp_path / "outside"), Body=b"a\n1\n")
    place = open_location("s3://logs/raw", settings(endpoint).s3)
    scratch = tmp_path / "scratch"
    for entry in place.entries():
        assert place.fetch(entry, scratch).read_bytes() == b"a\n1\n"
    there = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert all(path.is_relative_to(scratch) for path in there)


def test_an_object_that_changed_since_it_was_listed_is_refused(client, endpoint, tmp_path):
    client.put_object(Bucket="logs", Key="raw/p.csv", Body=b"a\n1\n")
    place = open_location("s3://logs/raw", settings(endpoint).s3)
    [entry] = place.entries()
    client.put_object(Bucket="logs", Key="raw/p.csv", Body=b"a\n2\n")
    with pytest.raises(InputError, match="changed or removed since it was listed"):
        place.fetch(entry, tmp_path)
    client.delete_object(Bucket="logs", Key="raw/p.csv")
    with pytest.raises(InputError, match="changed or removed since it was listed"):
        place.fetch(entry, tmp_path)
