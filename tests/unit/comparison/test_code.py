"""Finished arms stay valid only while nothing that they depend on changes."""

from __future__ import annotations

from pathlib import Path

import grimp
import pytest

import lt4rec_core
from lt4rec_core.comparison.code import CODE, code_digest

ROOT = Path(lt4rec_core.__file__).parent

# What they import besides: names and values that the digests of settings and rows cover,
# and what a result is written with.
COVERED = (
    "",
    "artifact.py",
    "comparison",
    "comparison/clock.py",
    "comparison/code.py",
    "comparison/result.py",
    "comparison/settings.py",
    "config",
    "data",
    "data/atomic.py",
    "data/dataset.py",
    "data/features.py",
    "data/manifest.py",
    "data/sealed.py",
    "errors.py",
    "stages",
    "stages/evaluate.py",
    "tracking.py",
)


@pytest.fixture(scope="module")
def needed() -> set[str]:
    graph = grimp.build_graph("lt4rec_core", cache_dir=None)
    roots = ("lt4rec_core.comparison.arm", "lt4rec_core.comparison.baselines")
    modules = {found for root in roots for found in graph.find_upstream_modules(root)}
    return {name.removeprefix("lt4rec_core").lstrip(".").replace(".", "/") for name in modules}


def listed(module: str, places: tuple[str, ...]) -> bool:
    return any(
        module == place.removesuffix(".py")
        or (place in CODE and (ROOT / place).is_dir() and module.startswith(f"{place}/"))
        or (place == "config" and module.startswith("config/"))
        for place in places
    )


def test_every_module_that_training_imports_is_in_the_digest(needed: set[str]) -> None:
    assert not {name for name in needed if not listed(name, (*CODE, *COVERED))}


def test_everything_listed_exists() -> None:
    assert all((ROOT / place).exists() for place in CODE)


def test_digest_is_stable() -> None:
    assert code_digest() == code_digest.__wrapped__()
