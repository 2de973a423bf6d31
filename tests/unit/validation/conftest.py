"""A small, sound dataset that tests spoil."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from lt4rec_core.config import Config, from_mapping
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.features import FeatureMap, FieldMap, TableMap
from lt4rec_core.data.manifest import DayRecord, Manifest, SourceRecord
from lt4rec_core.tracking import SilentTracker
from lt4rec_core.validation.count import measure
from lt4rec_core.validation.expectation import Measure
from lt4rec_core.validation.judge import judge
from lt4rec_core.validation.registry import EXPECTATIONS, severities
from lt4rec_core.validation.subject import subject_of

Place = tuple[str, str]
OOV = 4
ROWS = 400
SIZES = {"user": 1 + OOV + 60, "item": 1 + OOV + 40, "tab": 1 + OOV + 3, "tags": 1 + OOV + 8}
SPLITS = {
    "2026-01-01": "train",
    "2026-01-02": "train",
    "2026-01-03": "train",
    "2026-01-04": "validation",
    "2026-01-05": "test",
}


@dataclass
class Draft:
    """Days, splits and fields of a dataset that isn't written yet."""

    frames: dict[str, pl.DataFrame]
    splits: dict[str, str] = field(default_factory=lambda: dict(SPLITS))
    data_date: str | None = "2026-01-05"
    time_zone: str = "UTC"
    validate: dict[str, Any] = field(default_factory=dict)
    tasks: list[dict[str, Any]] = field(default_factory=lambda: [{"name": "ctr"}, {"name": "cvr"}])

    def change(self, *columns: pl.Expr, day: str = "2026-01-04") -> None:
        """Replaces columns of one day."""
        self.frames[day] = self.frames[day].with_columns(*columns)

    def change_all(self, *columns: pl.Expr) -> None:
        """Replaces columns of every day."""
        for day in self.frames:
            self.change(*columns, day=day)


def at(row: int, value: Any, column: str) -> pl.Expr:
    """`column` with `value` in one row."""
    there = pl.int_range(pl.len()) == row
    return pl.when(there).then(value).otherwise(pl.col(column)).alias(column)


@functools.cache
def sound_day(day: str, seed: int) -> pl.DataFrame:
    """One day of impressions that breaks no expectation."""
    rng = np.random.default_rng(seed)
    user, item, tab = (rng.integers(0, SIZES[n] - 1 - OOV, ROWS) for n in ("user", "item", "tab"))
    click = rng.random(ROWS) < np.where(tab == 0, 0.2, 0.4)
    midnight = datetime.datetime.fromisoformat(day).replace(tzinfo=datetime.UTC).timestamp()
    tags = [sorted(rng.choice(8, rng.integers(1, 4), replace=False)) for _ in range(ROWS)]
    age = rng.uniform(10, 60, ROWS)
    watch = np.where(click, rng.random(ROWS), np.nan)
    return pl.DataFrame(
        {
            "row_id": [f"{day}/{row}" for row in range(ROWS)],
            "user": [f"u{u}" for u in user],
            "item": [f"i{i}" for i in item],
            "time": (1000 * (midnight + rng.uniform(0, 86_399, ROWS))).astype(np.int64),
            "length": rng.uniform(5, 60, ROWS),
            "label.click": click.astype(np.float32),
            "label.watch_ratio": pl.Series(watch, dtype=pl.Float32).fill_nan(None),
            "user_id": [f"u{u}" for u in user],
            "item_id": [f"i{i}" for i in item],
            "tab": [str(t) for t in tab],
            "tags": [[f"t{t}" for t in row] for row in tags],
            "age": age,
            "id.user": (1 + OOV + user).astype(np.int32),
            "id.item": (1 + OOV + item).astype(np.int32),
            "id.tab": (1 + OOV + tab).astype(np.int32),
            "id.tags": pl.Series(
                [[1 + OOV + t for t in row] for row in tags], dtype=pl.List(pl.Int32)
            ),
            "id.age": (1 + np.searchsorted([20, 40], age, side="right")).astype(np.int32),
            "known.user": True,
            "known.item": True,
        }
    )


FEATURES = FeatureMap(
    fields=(
        FieldMap("user", "user_id", "single", "user", "categorical"),
        FieldMap("item", "item_id", "single", "item", "categorical"),
        FieldMap("tab", "tab", "single", "tab", "categorical"),
        FieldMap("tags", "tags", "multi", "tags", "categorical"),
        FieldMap("age", "age", "single", "age", "numeric"),
    ),
    tables=(
        *(TableMap(name, "categorical", size, OOV) for name, size in SIZES.items()),
        TableMap("age", "numeric", 4, 0, (20.0, 40.0)),
    ),
)


@pytest.fixture
def draft() -> Draft:
    return Draft({day: sound_day(day, seed) for seed, day in enumerate(SPLITS)})


@pytest.fixture
def write(tmp_path: Path) -> Callable[[Draft], Dataset]:
    """Writes a draft as a dataset folder."""

    def write(draft: Draft) -> Dataset:
        root = tmp_path / "dataset"
        (root / "days").mkdir(parents=True)
        records = []
        for day, frame in draft.frames.items():
            path = root / "days" / f"{day}.parquet"
            frame.write_parquet(path, row_group_size=100)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            file = str(path.relative_to(root))
            records.append(DayRecord(day, draft.splits[day], file, len(frame), digest, {}))  # type: ignore[arg-type]
        manifest = Manifest(
            schema_digest=FEATURES.digest,
            inputs="",
            source=SourceRecord("events", "made up", ""),
            data_date=draft.data_date,
            time_zone=draft.time_zone,
            splits={
                split: tuple(day for day in draft.splits if draft.splits[day] == split)
                for split in ("train", "validation", "test")
            },
            days=tuple(records),
            files={},
            read={},
            partitions={},
            dropped={},
        )
        return Dataset(root, manifest, FEATURES)

    return write


def _config_of(draft: Draft) -> Config:
    fields = [
        dataclasses.asdict(f) | {"table": "" if f.table == f.name else f.table}
        for f in FEATURES.fields
    ]
    slices = [{"name": "tab", "column": "tab"}, {"name": "known", "column": "known.user"}]
    return from_mapping(
        {
            "fields": fields,
            "tasks": draft.tasks,
            "validate": draft.validate,
            "evaluate": {"slices": slices},
        }
    )


@pytest.fixture
def measures(write: Callable[[Draft], Dataset]) -> Callable[..., dict[str, list[Measure]]]:
    """Takes the measures of the expectations named (of all, if none is)."""

    def measures(draft: Draft, *names: str) -> dict[str, list[Measure]]:
        asked = {name: EXPECTATIONS[name] for name in names or EXPECTATIONS}
        return measure(subject_of(_config_of(draft), write(draft)), asked, SilentTracker())

    return measures


@pytest.fixture
def failures(measures: Callable[..., dict[str, list[Measure]]]) -> Callable[..., set[Place]]:
    """Finds (column, day) of the measures out of bounds, quickly."""

    def failures(draft: Draft, *names: str) -> set[Place]:
        return {
            (taken.column, taken.day)
            for group in measures(draft, *names).values()
            for taken in group
            if taken.seen is not None and not taken.low <= taken.seen <= taken.high
        }

    return failures


@pytest.fixture
def judged(
    measures: Callable[..., dict[str, list[Measure]]], tmp_path: Path
) -> Callable[..., set[Place]]:
    """Finds (column, day) of the measures that Great Expectations fails."""

    def judged(draft: Draft, *names: str) -> set[Place]:
        asked = measures(draft, *names)
        broken = judge(asked, EXPECTATIONS, severities({}), tmp_path / "docs")
        return {(column, day) for _, column, day in broken}

    return judged


@pytest.fixture
def config_of() -> Callable[[Draft], Config]:
    """Makes the configuration that a draft is validated under."""
    return _config_of
