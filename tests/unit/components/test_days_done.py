"""The first day of a model, at an MLflow server that keeps its users apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import pytest

from components.days_done import champion_as_of
from components.model_registry import champion_version
from components.store import Store
from lt4rec_core.errors import StoreError


class Registry:
    """An empty one, as MLflow's server answers whoever may see only what they made."""

    def __init__(self, code: str = "PERMISSION_DENIED") -> None:
        self._code = code

    def search_model_versions(self, _: str) -> list[Any]:
        return []

    def _refuse(self, *_: str) -> NoReturn:
        from mlflow.exceptions import RestException

        raise RestException({"error_code": self._code, "message": "Permission denied"})

    get_registered_model = get_model_version_by_alias = _refuse


def store(registry: Registry) -> Store:
    return Store(registry, "http://mlflow", "0", Path("/workspace"))


def test_model_that_is_not_there_yet_has_no_champion() -> None:
    assert champion_version(store(Registry()), "m") == ""
    assert champion_as_of(store(Registry()), "m", "2026-01-04") is None


def test_registry_that_fails_is_not_taken_for_an_empty_one() -> None:
    broken = store(Registry("INTERNAL_ERROR"))
    with pytest.raises(StoreError):
        champion_version(broken, "m")
    with pytest.raises(StoreError):
        champion_as_of(broken, "m", "2026-01-04")
