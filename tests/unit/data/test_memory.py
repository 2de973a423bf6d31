from __future__ import annotations

import os

import polars as pl
import pytest

from lt4rec_core.data.memory import _BOUNDS, read_ahead_little


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _BOUNDS:
        monkeypatch.setenv(name, "put back in the end")
        del os.environ[name]


def _set() -> dict[str, str | None]:
    return {name: os.environ.get(name) for name in _BOUNDS}


def test_polars_reads_its_bounds_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    reloaded: list[bool] = []
    monkeypatch.setattr(pl.Config, "reload_env_vars", lambda: reloaded.append(True))
    read_ahead_little()
    read_ahead_little()
    assert (_set(), reloaded) == (_BOUNDS, [True])


def test_what_somebody_chose_stays() -> None:
    chosen = dict.fromkeys(_BOUNDS, "7")
    os.environ.update(chosen)
    read_ahead_little()
    assert _set() == chosen
