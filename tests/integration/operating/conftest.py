"""Days and versions of a model as their runs would have left them, in a real MLflow store."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.model_registry import _ensure_name, _place, champion_version
from components.pipeline_run import MODEL_NAME, PIPELINE
from components.store import DIGEST, PATH, Store, open_store
from lt4rec_core.config import Tracking
from lt4rec_core.data.atomic import sha256_file
from lt4rec_core.ranking.export import export
from lt4rec_core.ranking.layout import LAYOUT_FILE, RankingLayout
from lt4rec_core.ranking.layout import Field as RankingField
from lt4rec_core.ranking.layout import Table as RankingTable


@pytest.fixture
def workspace(new_workspace: Callable[..., Path]) -> Path:
    return new_workspace("it's a [work] space")


@pytest.fixture
def store(workspace: Path) -> Store:
    return open_store(Tracking(), workspace)


@pytest.fixture
def past(store: Store, tmp_path: Path) -> Past:
    """Days of a model, written into the store as their runs would have left them."""
    return Past(store, tmp_path / "past")


@pytest.fixture(scope="session")
def three_database(new_workspace: Callable[[], Path]) -> Path:
    """Three versions, the last one refused by the gate."""
    workspace = new_workspace()
    past = Past(open_store(Tracking(), workspace), workspace / "past")
    for number, accepted in enumerate((True, True, False), start=1):
        past.version("0" * 32, f"2026-01-0{number}", accepted)
    return workspace / "mlflow.db"


@pytest.fixture
def three(three_database: Path, tmp_path: Path) -> Past:
    shutil.copyfile(three_database, tmp_path / "mlflow.db")
    return Past(open_store(Tracking(), tmp_path), tmp_path / "past", versions=3)


@dataclass
class Past:
    """Writes runs, artifacts and versions; `name` is the registered model."""

    store: Store
    folder: Path
    name: str = "feed"
    versions: int = 0
    runs: list[str] = field(default_factory=list)

    def day(self, date: str, *, accepted: bool = True, champion: float = 0.7, **found: Any) -> str:
        """A finished run of `date` whose version the gate accepted, or refused."""
        parent = self.parent(date)
        self.node(parent, "ingest", "dataset", "manifest.json", manifest(date))
        self.node(parent, "validate", "validate", "validation.json", validation(date, **found))
        self.node(parent, "evaluate", "evaluate", "metrics.json", evaluation(date, **found))
        gate = {
            "accepted": accepted,
            "reasons": [f"ctr auc on {date} is what it is"],
            "comparisons": [
                {
                    "task": "ctr",
                    "metric": "auc",
                    "slice": "",
                    "against": "champion",
                    "reference": champion,
                }
            ],
        }
        content = {"gate": gate, "model": {}}
        run = self.node(parent, "register", "register", "registered.json", content)
        self.version(run, date, accepted)
        self.store.end(parent, "FINISHED")
        return parent

    def parent(self, date: str, pipeline: str = "training") -> str:
        """A pipeline run that has just begun."""
        tags = {"data_date": date, MODEL_NAME: self.name, PIPELINE: pipeline}
        self.runs.append(self.store.start_parent(f"feed {date}", tags))
        return self.runs[-1]

    def node(
        self,
        parent: str,
        node: str,
        path: str,
        file: str,
        content: Any,
        *,
        status: str = "FINISHED",
        digest: str = "",
    ) -> str:
        """The run of a node that left one file; one that failed files no artifact."""
        run = self.store.start_child(parent, node, {})
        place = self.folder / run
        place.mkdir(parents=True)
        (place / file).write_text(json.dumps(content))
        reference = self.store.log_folder(run, place, path)
        if status == "FINISHED":
            tags = {
                "lt4rec.reference": str(reference),
                DIGEST: digest or reference.digest,
                PATH: path,
            }
        else:
            tags = {"lt4rec.failure": f"{node} broke"}
        self.store.set_tags(run, tags)
        self.store.end(run, status)
        return run

    def version(self, run: str, date: str, accepted: bool = True, **changed: str) -> str:
        """A registered version with a real ranking model, and its alias."""
        self.versions += 1
        model = self.folder / f"model-{self.versions}" / "artifacts"
        model.mkdir(parents=True)
        export(RANKING, WEIGHTS, {}, {"user": ["u1", "u2"]}, model)
        alias = "champion" if accepted else "challenger"
        tags = {
            "lt4rec.accepted": str(accepted).lower(),
            "lt4rec.alias": alias,
            "lt4rec.model": sha256_file(model / LAYOUT_FILE),
            "lt4rec.data_date": date,
            "lt4rec.reasons": "as it is",
        }
        client = self.store.client
        _ensure_name(self.store, self.name)
        tags = {key: value for key, value in (tags | changed).items() if value}
        made = client.create_model_version(self.name, model.parent.as_uri(), run, tags=tags)
        _place(
            self.store,
            self.name,
            str(made.version),
            alias,
            champion_version(self.store, self.name),
        )
        return str(made.version)

    def model(self, version: str) -> Path:
        """The folder of a version's ranking model."""
        return self.folder / f"model-{version}" / "artifacts"

    def aliases(self) -> dict[str, str]:
        """Aliases of the model and their versions."""
        found = self.store.client.get_registered_model(self.name).aliases
        return {alias: str(version) for alias, version in found.items()}


RANKING = RankingLayout(
    fields=(RankingField("user", "user_id", "user"),),
    tables=(RankingTable("user", "categorical", 4, oov_buckets=1),),
    embedding_dim=2,
    hidden=(3,),
    crossing="half",
    tasks=("ctr",),
    exponents={"ctr": 1.0},
    length=None,
)
WEIGHTS = {
    "embeddings.weight": np.ones((4, 2)),
    "over.0.weight": np.ones((3, 3)),
    "over.0.bias": np.zeros(3),
    "output.weight": np.ones((1, 3)),
    "output.bias": np.zeros(1),
}


def manifest(date: str) -> dict[str, Any]:
    """A dataset's manifest, as far as a day needs it."""
    test = {"day": date, "split": "test", "rows": 100}
    return {"days": [test], "splits": {"test": [date]}, "digest": f"data-{date}"}


def validation(date: str, *, psi: float = 0.1, **_: Any) -> dict[str, Any]:
    """A validation's record with the drift of one field."""
    seen = {"column": "id.user", "day": date, "seen": psi}
    return {"results": [{"expectation": "drift", **seen}]}


def evaluation(date: str, *, auc: float = 0.71, rate: float = 0.2, **_: Any) -> dict[str, Any]:
    """Metrics of one task."""
    return {
        "rows": 100,
        "tasks": {
            "ctr": {
                "metric": "auc",
                "rows": 100,
                "model": {"auc": auc},
                "single_task": {"auc": 0.7},
                "mtl_gain": {"value": auc - 0.7, "low": auc - 0.71, "high": auc - 0.69},
                "calibration": {
                    "model": [
                        {"predicted": 0.1, "observed": rate / 2, "rows": 50},
                        {"predicted": 0.3, "observed": rate * 1.5, "rows": 50},
                    ]
                },
            }
        },
    }
