from __future__ import annotations

import shutil
import socket
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import make_url

from components import store_check
from components.store import open_store
from components.store_check import check_artifacts, check_uri, database_uri
from lt4rec_core.config import Tracking
from lt4rec_core.errors import InputError, StoreError


def test_locked_database_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_check, "_TIMEOUT_SECONDS", 0.1)
    path = tmp_path / "mlflow.db"
    holder = sqlite3.connect(path)
    try:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match=r"mlflow.db can't be written \(database is locked\)"):
            check_uri(f"sqlite:///{path}")
    finally:
        holder.close()


def test_read_only_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    sqlite3.connect(path).close()
    uri = f"sqlite:///file:{path}?mode=ro&uri=true"
    with pytest.raises(StoreError, match="readonly"):
        open_store(Tracking(uri=uri), tmp_path)


def test_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    path.write_text("not a database" * 100)
    with pytest.raises(StoreError, match=r"file is not a database.*put a whole copy in its place"):
        check_uri(f"sqlite:///{path}")


def test_a_workspace_has_its_database_inside(tmp_path: Path) -> None:
    workspace = tmp_path / "it's a [work] space"
    uri = database_uri(workspace)
    assert make_url(uri).database == str(workspace / "mlflow.db")
    check_uri(uri)
    assert (workspace / "mlflow.db").is_file()


@pytest.mark.parametrize("mark", ["?", "%", "#"])
def test_a_path_that_addresses_read_otherwise_is_refused(tmp_path: Path, mark: str) -> None:
    with pytest.raises(InputError, match=rf"has '\{mark}' in its path"):
        open_store(Tracking(), tmp_path / f"a{mark}20b")
    assert not [*tmp_path.iterdir()]


def test_a_workspace_that_was_moved_or_copied_is_refused(tmp_path: Path) -> None:
    former, here = tmp_path / "former", tmp_path / "here"
    former.mkdir()
    open_store(Tracking(), former).start_parent("run", {})
    shutil.copytree(former, here)
    for _ in ("copied", "moved"):
        with pytest.raises(InputError, match=f"{here} was made at {former}.*make a link"):
            open_store(Tracking(), here)
        shutil.rmtree(former, ignore_errors=True)
    assert not former.exists()
    former.symlink_to(here)
    open_store(Tracking(), here)


def test_artifacts_may_lie_anywhere(tmp_path: Path) -> None:
    elsewhere = Tracking(artifact_root=(tmp_path / "elsewhere" / "artifacts").as_uri())
    open_store(elsewhere, tmp_path).start_parent("run", {})
    open_store(Tracking(), tmp_path)


def test_probe_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    check_uri(f"sqlite:///{path}")
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()


def test_server_that_is_away_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, and nobody listens
        port = taken.getsockname()[1]
        with pytest.raises(StoreError, match=rf"127.0.0.1:{port} doesn't answer"):
            check_uri(f"http://127.0.0.1:{port}")


def test_artifact_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"tracking.artifact_root"):
        check_artifacts(str(tmp_path / "file" / "artifacts"))
