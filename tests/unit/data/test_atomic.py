from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from lt4rec_core.data.atomic import file_aside, folder_aside, is_disk_full, sha256_file
from lt4rec_core.errors import StoreError

DEAD_PID = 2**22 + 1  # above the largest pid_max of Linux


def write_folder(target: Path, text: str = "new") -> None:
    with folder_aside(target) as folder:
        (folder / "file").write_text(text)


def test_a_folder_appears_whole_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    write_folder(tmp_path / "deep" / "target")
    assert (tmp_path / "deep" / "target" / "file").read_text() == "new"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["target"]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="boom"), folder_aside(tmp_path / "target") as folder:
        (folder / "file").write_text("half")
        raise ValueError("boom")
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_older_folder_alone(tmp_path: Path) -> None:
    write_folder(tmp_path / "target", "old")
    with pytest.raises(ValueError, match="boom"), folder_aside(tmp_path / "target"):
        raise ValueError("boom")
    assert (tmp_path / "target" / "file").read_text() == "old"


def test_an_older_folder_is_replaced(tmp_path: Path) -> None:
    write_folder(tmp_path / "target", "old")
    write_folder(tmp_path / "target", "new")
    assert (tmp_path / "target" / "file").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_leftovers_of_dead_processes_are_swept(tmp_path: Path) -> None:
    (tmp_path / f".target.partial-{DEAD_PID}").mkdir()
    (tmp_path / f".target.replaced-{DEAD_PID}").mkdir()
    (tmp_path / f".target.partial-{os.getpid()}").mkdir()
    write_folder(tmp_path / "target")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_what_a_living_process_writes_is_left_alone(tmp_path: Path) -> None:
    living = tmp_path / f".target.partial-{os.getppid()}"
    living.mkdir()
    write_folder(tmp_path / "target")
    assert living.is_dir()


def test_a_file_appears_whole_and_replaces_the_older_one(tmp_path: Path) -> None:
    for text in ("old", "new"):
        with file_aside(tmp_path / "file.json") as path:
            path.write_text(text)
    assert (tmp_path / "file.json").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["file.json"]


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("No space left on device")],
)
def test_a_full_disk_is_said_with_path_and_free_space(tmp_path: Path, error: Exception) -> None:
    with (
        pytest.raises(StoreError, match=r"target was written.*MiB are free"),
        folder_aside(tmp_path / "target") as folder,
    ):
        (folder / "file").write_text("half")
        raise error
    assert list(tmp_path.iterdir()) == []


def test_an_unwritable_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StoreError, match="can't be written"),
        folder_aside(tmp_path / "file" / "target"),
    ):
        pass


def test_other_errors_are_not_taken_for_a_full_disk() -> None:
    assert not is_disk_full(OSError(errno.ENOENT, "missing"))


def test_sha256_is_the_standard_one(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    assert sha256_file(tmp_path / "empty").startswith("e3b0c44298fc1c14")
