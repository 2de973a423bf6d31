from __future__ import annotations

import os
from pathlib import Path

import pytest

from lt4rec_core.config import S3
from lt4rec_core.data.objects import open_location
from lt4rec_core.errors import InputError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b/2.csv", "a.csv", "b/1.csv", "b/_SUCCESS", ".hidden/x.csv", "ba/3.csv"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    return tmp_path


def names(place, below=""):
    return [entry.name for entry in place.entries(below)]


def test_a_folder_lists_its_files_in_order_without_hidden_ones(folder):
    place = open_location(str(folder), S3())
    assert names(place) == ["a.csv", "b/1.csv", "b/2.csv", "ba/3.csv"]
    assert names(place, "b") == ["b/1.csv", "b/2.csv"]
    assert names(place, "nowhere") == []


def test_a_single_file_is_a_location(folder):
    place = open_location(str(folder / "a.csv"), S3())
    [entry] = place.entries()
    assert place.fetch(entry, folder) == folder / "a.csv"


def test_the_fingerprint_follows_names_and_contents(folder):
    place = open_location(str(folder), S3())
    before = place.fingerprint(place.entries())
    stamp = (folder / "a.csv").stat()
    (folder / "a.csv").write_text("A.csv")
    os.utime(folder / "a.csv", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    changed = place.fingerprint(place.entries())
    (folder / "a.csv").rename(folder / "c.csv")
    assert len({before, changed, place.fingerprint(place.entries())}) == 3


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("/nowhere/at/all", "no such source folder"),
        ("s3://", "names no bucket"),
        ("gs://bucket/x", r"a folder or an s3:// address"),
    ],
)
def test_a_place_that_cannot_be_is_refused(location, message):
    with pytest.raises(InputError, match=message):
        open_location(location, S3())


@pytest.mark.parametrize("below", ["..", "b/../..", "/etc"])
def test_a_stream_outside_the_source_is_refused(folder, below):
    with pytest.raises(InputError, match="can't name a file"):
        names(open_location(str(folder), S3()), below)


def test_links_to_folders_are_followed(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "4.csv").write_text("4")
    (folder / "b" / "date=2026-01-01").symlink_to(elsewhere)
    (folder / "linked").symlink_to(elsewhere)
    place = open_location(str(folder), S3())
    assert names(place, "b") == ["b/1.csv", "b/2.csv", "b/date=2026-01-01/4.csv"]
    assert names(place, "linked") == ["linked/4.csv"]


@pytest.mark.parametrize(
    ("target", "message"), [("..", r"b/link is a link to a folder that it lies in"),
                            ("gone", r"b/link is a link to gone, which isn't there")]
)  # fmt: skip
def test_a_link_that_leads_nowhere_is_refused(folder, target, message):
    (folder / "b" / "link").symlink_to(target)
    with pytest.raises(InputError, match=message):
        open_location(str(folder), S3()).entries("b")


def test_a_folder_that_cannot_be_listed_is_named(folder, monkeypatch):
    scandir = os.scandir

    def refused(place):
        if Path(place).name == "b":
            raise PermissionError(13, "Permission denied", str(place))
        return scandir(place)

    monkeypatch.setattr(os, "scandir", refused)
    with pytest.raises(InputError, match=r"b can't be listed: .*Permission denied"):
        open_location(str(folder), S3()).entries()
