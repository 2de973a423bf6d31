"""Builders of tiny inputs, shared by all tests."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from lt4rec_core.config import Config, Model, Tracking, from_mapping
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.layout import Layout
from lt4rec_core.data.samples import Samples
from lt4rec_core.data.synthetic import generate
from lt4rec_core.stages.ingest import ingest
from lt4rec_core.tracking import SilentTracker
from lt4rec_core.training.seeds import fix_threads

FAULTS_PAGE = Path(__file__).resolve().parents[1] / "docs" / "faults.md"
# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("lt4rec", deadline=None)
settings.load_profile("lt4rec")
LAYOUT = Layout(
    fields=("user", "tags", "item"),
    tables=(("user", 5), ("tag", 4), ("item", 6)),
    lookups=(0, 1, 2),
)


@pytest.fixture(autouse=True, scope="session")
def _one_thread() -> None:
    """Tiny tensors gain nothing from more threads, and workers would fight for them."""
    fix_threads(1)


@pytest.fixture
def table_in_docs() -> Callable[[str, str], str]:
    """Reads the table called `name` of docs/faults.md; puts `table` there first, if asked to."""

    def read(name: str, table: str) -> str:
        start, end = f"<!-- {name}: written by `make golden` -->\n", f"<!-- end of {name} -->\n"
        head, _, rest = FAULTS_PAGE.read_text(encoding="utf-8").partition(start)
        old, _, tail = rest.partition(end)
        if os.environ.get("LT4REC_WRITE_GOLDEN"):
            FAULTS_PAGE.write_text(f"{head}{start}{table}{end}{tail}", encoding="utf-8")
            return table
        return old

    return read


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's tables in a file, and no run: making them takes seconds, copying them none.

    All of pytest-xdist's workers share it; the first that asks makes it.
    """
    from components.store import open_store

    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    target = shared / "empty.db"
    with (shared / "empty.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            made = tmp_path_factory.mktemp("empty")
            open_store(Tracking(experiment="template"), made)  # an experiment keeps its folder
            (made / "mlflow.db").rename(target)
    return target


@pytest.fixture(scope="session")
def new_workspace(
    empty_database: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Path]:
    """Makes a workspace whose MLflow database is ready, `name` at the end of its path."""

    def make(name: str = "") -> Path:
        workspace = tmp_path_factory.mktemp("workspace") / name
        workspace.mkdir(exist_ok=True)
        shutil.copyfile(empty_database, workspace / "mlflow.db")
        return workspace

    return make


@pytest.fixture
def layout() -> Layout:
    """Three fields, the middle one multi-valued."""
    return LAYOUT


@pytest.fixture
def small_model() -> Model:
    """A network small enough to be trained within a test."""
    return Model(embedding_dim=4, hidden=(8, 6))


@pytest.fixture
def make_samples() -> Callable[..., Samples]:
    """Draws impressions whose clicks depend on the user and whose watch ratio on the item."""

    def make(rows: int = 64, seed: int = 0) -> Samples:
        source = torch.Generator().manual_seed(seed)
        user = torch.randint(0, 5, (rows,), generator=source)
        item = torch.randint(0, 6, (rows,), generator=source)
        tags = torch.randint(1, 4, (rows,), generator=source)
        ids: list[int] = []
        for row in range(rows):
            ids.append(int(user[row]))
            ids.extend(5 + (int(item[row]) + k) % 4 for k in range(int(tags[row])))
            ids.append(9 + int(item[row]))
        lengths = torch.stack([torch.ones(rows), tags, torch.ones(rows)], dim=1).to(torch.int16)
        noise = torch.rand(rows, generator=source)
        click = (noise < 0.2 + 0.15 * user).float()
        ratio = (0.1 + 0.15 * item + 0.1 * torch.rand(rows, generator=source)).clamp(0, 1)
        watch = torch.where(click == 1, ratio, torch.nan)
        ends = lengths.long().sum(1).cumsum(0)
        return Samples(
            ids=torch.tensor(ids, dtype=torch.int32),
            starts=torch.cat([torch.zeros(1, dtype=torch.int64), ends]),
            lengths=lengths,
            labels={"click": click, "watch_ratio": watch},
        )

    return make


@pytest.fixture(scope="session")
def tiny_config() -> Config:
    """A run over a made-up world: three training days, one for validation, one for the test."""
    return from_mapping(
        {
            "seed": 3,
            "threads": 1,
            "synthetic": {"days": 5, "rows_per_day": 400, "users": 40, "items": 60, "tags": 12},
            "ingest": {
                "train_days": 3,
                "min_count": 2,
                "oov_buckets": 4,
                "events": {"allow_extra_columns": True},
            },
            "fields": [
                {"name": "user_id"},
                {"name": "item_id"},
                {"name": "category"},
                {"name": "tags", "values": "multi"},
                {"name": "duration", "column": "duration_ms", "kind": "numeric", "buckets": 6},
                {"name": "tab"},
            ],
            "model": {"embedding_dim": 4, "hidden": [16, 8], "output": "owned"},
            "optimizer": {"batch_size": 64, "learning_rate": 0.01},
            "warmup": {"epochs": 0.5},
            "prune": {"rounds": 2, "final_density": 0.25},
            "joint_train": {"epochs": 1.5, "evaluations_per_epoch": 2},
            "single_task": {"epochs": 1.5, "evaluations_per_epoch": 2},
            "evaluate": {"bootstrap_replicates": 50},
        }
    )


@pytest.fixture(scope="session")
def tiny_logs(tiny_config: Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Raw logs of the made-up world."""
    target = tmp_path_factory.mktemp("world") / "logs"
    return generate(tiny_config.synthetic, target, SilentTracker())


@pytest.fixture(scope="session")
def tiny_dataset(
    tiny_config: Config, tiny_logs: Path, tmp_path_factory: pytest.TempPathFactory
) -> Dataset:
    """The encoded dataset of the made-up world; read only."""
    target = tmp_path_factory.mktemp("dataset") / "dataset"
    return ingest(tiny_config, str(tiny_logs), "2026-01-05", target, SilentTracker())
