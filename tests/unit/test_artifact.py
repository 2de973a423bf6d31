"""Names stay inside their folder, and documents are bounded."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lt4rec_core import artifact
from lt4rec_core.artifact import (
    file_inside,
    inside,
    parse_json,
    parse_object,
    read_bytes,
    read_object,
    sealed,
    unsealed,
)
from lt4rec_core.errors import ArtifactError

PARTS = st.sampled_from(["..", ".", "", "a", "etc", "\\", "\0", "~", "ü", "a" * 300, "C:", "//"])


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "root"
    (root / "days").mkdir(parents=True)
    (root / "days" / "a.json").write_text('{"a": 1}')
    (tmp_path / "secret.json").write_text('{"key": "hidden"}')
    return root


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 9999 + "]" * 9999])
def test_a_deep_document_is_refused(text):
    with pytest.raises(ValueError, match=r"nested too deeply|Expecting"):
        parse_json(text)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a": -Infinity}', "1" * 5000, "", "{]"])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(ValueError):
        parse_json(text)


@pytest.mark.parametrize("text", ["[]", "1", "null", '"x"'])
def test_a_document_that_is_no_object_is_refused(text):
    with pytest.raises(ValueError, match="expected an object"):
        parse_object(text)


def test_a_name_inside_gives_its_path(folder):
    assert file_inside(folder, "days/a.json") == folder / "days" / "a.json"
    assert read_object(folder, "days/a.json") == {"a": 1}
    assert inside(folder, "days/not yet") == folder / "days" / "not yet"


@pytest.mark.parametrize(
    "name", ["../secret.json", "days/../../secret.json", "", "/etc/passwd", "days/\ud800.json"]
)
def test_a_name_that_leads_out_is_refused(folder, name):
    with pytest.raises(ArtifactError, match="can't name a file"):
        read_bytes(folder, name)


@pytest.mark.parametrize("link", ["secret.json", "days"])
def test_a_link_that_leads_out_is_refused(folder, link):
    (folder / "link").symlink_to(folder.parent / link, target_is_directory=link == "days")
    with pytest.raises(ArtifactError, match=r"leads out of|missing"):
        read_bytes(folder, "link" if link != "days" else "link/a.json")


def test_a_link_in_a_circle_is_refused(folder):
    (folder / "link").symlink_to(folder / "link")
    with pytest.raises(ArtifactError):
        read_bytes(folder, "link")


def test_a_folder_behind_a_link_is_a_folder(folder, tmp_path):
    (tmp_path / "short").symlink_to(folder)
    assert read_object(tmp_path / "short", "days/a.json") == {"a": 1}


@given(st.lists(PARTS, min_size=1, max_size=6))
def test_no_name_leads_out(tmp_path_factory, parts):
    root = tmp_path_factory.getbasetemp()
    try:
        found = inside(root, "/".join(parts))
    except ArtifactError:
        return
    assert found.resolve().is_relative_to(root.resolve())


def test_a_pipe_is_refused_rather_than_waited_for(folder):
    os.mkfifo(folder / "pipe")
    with pytest.raises(ArtifactError, match="isn't a regular file"):
        read_bytes(folder, "pipe")


def test_a_document_of_absurd_size_is_refused_unread(folder, monkeypatch):
    monkeypatch.setattr(artifact, "MOST_BYTES", 4)
    with pytest.raises(ArtifactError, match="at most 4 are read"):
        read_object(folder, "days/a.json")


def test_a_document_that_is_no_json_is_named(folder):
    (folder / "days" / "a.json").write_bytes(b"\xff")
    with pytest.raises(ArtifactError, match=r"a\.json isn't a JSON object"):
        read_object(folder, "days/a.json")


def test_a_sealed_record_comes_back():
    record = {"a": [1, 2.5, None], "ü": {"b": "x"}}
    assert unsealed(json.loads(json.dumps(sealed(record)))) == record
    assert sealed(sealed(record)) == sealed(record)


@pytest.mark.parametrize("change", [{"a": 2}, {"b": 1}, {"seal": ""}, {"seal": None}])
def test_a_changed_record_is_refused(change):
    with pytest.raises(ValueError, match="seal is broken"):
        unsealed(sealed({"a": 1}) | change)
