"""Cheap proofs, before any training, that the MLflow store will take what is made."""

from __future__ import annotations

import os
import sqlite3
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lt4rec_core.errors import InputError, StoreError

_TIMEOUT_SECONDS = 10.0


def database_uri(workspace: Path) -> str:
    """Returns the address of a workspace's own SQLite database.

    Raises:
        InputError: the path has a mark in it that means something in addresses.
    """
    place = workspace.expanduser().resolve()
    refuse_marks(place)
    return f"sqlite:///{place / 'mlflow.db'}"


def refuse_marks(workspace: Path) -> None:
    """Raises InputError where MLflow would take a part of the path for something else."""
    marks = [mark for mark in "?#%" if mark in str(workspace)]
    if marks:
        raise InputError(
            f"the workspace {workspace} has {' and '.join(map(repr, marks))} in its path, which "
            "MLflow's addresses give another meaning; name a folder without"
        )


def check_uri(uri: str) -> None:
    """Raises StoreError if the database is locked or read-only, or the server is away."""
    if uri.startswith("sqlite:///"):
        _check_database(uri.removeprefix("sqlite:///"))
    elif uri.startswith(("http://", "https://")):
        _check_server(uri)


def check_home(client: Any, experiment: Any, tag: str, workspace: Path) -> None:
    """Raises InputError where a workspace's own store has its artifacts in another workspace.

    Addresses of artifacts are absolute: runs of a copy would write into the original, and
    after a move they'd make the former folder again.

    Args:
        client: of the workspace's store.
        experiment: as MLflow has it.
        tag: by which pipeline runs name their workspace.
        workspace: where the store is.
    """
    home = Path(unquote(urlsplit(experiment.artifact_location).path)).resolve()
    if home == (workspace / "artifacts").resolve():
        return
    made = client.search_runs([experiment.experiment_id], f"tags.`{tag}` != ''", max_results=1000)
    for former in {run.data.tags[tag] for run in made} - {str(workspace)}:
        if home == (Path(former) / "artifacts").resolve():
            raise InputError(
                f"the workspace {workspace} was made at {former}, and its MLflow database has the "
                f"artifacts' addresses there; move it back, or, where there is no {former} any "
                "more, make a link of that name that leads here"
            )


def check_artifacts(uri: str) -> None:
    """Raises StoreError if a local artifact folder can't be written."""
    parts = urlsplit(uri)
    if parts.scheme not in ("", "file"):
        return
    folder = Path(unquote(parts.path))
    probe = folder / f".probe-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise StoreError(
            f"the artifact folder {folder} can't be written ({error.strerror}); "
            "free the disk or name another place in tracking.artifact_root"
        ) from error


def _check_database(path: str) -> None:
    is_uri = path.startswith("file:")
    if not is_uri:
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"the folder of the tracking store {path} can't be made ({error.strerror}); "
                "name another workspace or another tracking.uri"
            ) from error
    try:
        connection = sqlite3.connect(path, timeout=_TIMEOUT_SECONDS / 2, uri=is_uri)
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("CREATE TABLE lt4rec_probe (x)")
            connection.execute("ROLLBACK")
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        raise StoreError(
            f"the tracking store {path} can't be written ({error}); end the process that locks "
            "it, make the file writable, or name another store in tracking.uri"
        ) from error
    except sqlite3.Error as error:
        raise StoreError(
            f"the tracking store {path} can't be read ({error}): it is damaged, or no database; "
            "put a whole copy in its place, or begin with another workspace"
        ) from error


def _check_server(uri: str) -> None:
    try:
        # The scheme was checked by the caller: http or https, never file.
        with urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=_TIMEOUT_SECONDS):  # noqa: S310
            pass
    except urllib.error.HTTPError as error:
        if error.code >= 500:
            raise _away(uri, str(error)) from error
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise _away(uri, str(getattr(error, "reason", error))) from error


def _away(uri: str, reason: str) -> StoreError:
    return StoreError(
        f"the MLflow server at {uri} doesn't answer ({reason}); start it or mend tracking.uri"
    )
