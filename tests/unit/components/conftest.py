"""A workspace whose MLflow database is ready: making its tables anew takes seconds."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from components.store import Store, open_store
from lt4rec_core.config import Tracking


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = tmp_path_factory.mktemp("template")
    open_store(Tracking(), workspace)
    return workspace / "mlflow.db"


@pytest.fixture
def workspace(tmp_path: Path, empty_database: Path) -> Path:
    place = tmp_path / "workspace"
    place.mkdir()
    shutil.copyfile(empty_database, place / "mlflow.db")
    return place


@pytest.fixture
def store(workspace: Path) -> Store:
    return open_store(Tracking(experiment="test"), workspace)
