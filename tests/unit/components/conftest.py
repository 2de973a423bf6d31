"""A workspace whose MLflow database is ready."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from components.store import Store, open_store
from lt4rec_core.config import Tracking


@pytest.fixture
def workspace(new_workspace: Callable[[], Path]) -> Path:
    return new_workspace()


@pytest.fixture
def store(workspace: Path) -> Store:
    return open_store(Tracking(experiment="test"), workspace)
