"""The ranking model in a real MLflow registry: versions, aliases, and loading it anywhere."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from mlflow.exceptions import MlflowException

from components.model_registry import (
    champion_version,
    find_registered,
    load_version,
    register_model,
)
from components.store import open_store
from lt4rec_core.config import Tracking
from lt4rec_core.data.atomic import sha256_file
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.features import FeatureMap
from lt4rec_core.data.manifest import DayRecord, Manifest, SourceRecord
from lt4rec_core.errors import ArtifactError, StoreError
from lt4rec_core.gate import Comparison, GateDecision
from lt4rec_core.ranking.export import export
from lt4rec_core.ranking.layout import Field, Length, RankingLayout, Table
from lt4rec_core.ranking.scorer import Scorer, check_sizes
from lt4rec_core.stages.register import Registration

LAYOUT = RankingLayout(
    fields=(
        Field("user", "user_id", "user"),
        Field("tags", "tags", "tags", values="multi"),
        Field("age", "age", "age", kind="numeric"),
    ),
    tables=(
        Table("user", "categorical", 5, oov_buckets=2),
        Table("tags", "categorical", 4, oov_buckets=1),
        Table("age", "numeric", 3, boundaries=(30.0,)),
    ),
    embedding_dim=4,
    hidden=(6,),
    crossing="half",
    tasks=("ctr", "cvr"),
    exponents={"ctr": 1.0, "cvr": 1.0},
    length=Length(exponent=1.0, unknown=10.0),
)
IDS = {"user": ["u1", "u2"], "tags": ["red", "blue"]}
ROWS = pl.DataFrame(
    {
        "user_id": ["u1", "u2", None, "new"],
        "tags": [["red"], ["red", "blue"], None, ["odd"]],
        "age": [20.0, None, 30.0, 41.5],
        "length": [5.0, 7.5, None, 1.0],
    }
)
# MLflow's store uses an SQLAlchemy option that 2.1 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")


@pytest.fixture(scope="module")
def workspace(new_workspace):
    return new_workspace()


@pytest.fixture
def store(workspace):
    return open_store(Tracking(), workspace)


@pytest.fixture
def name(request):
    """A registered model's name of each test's own, since they share the store."""
    return re.sub(r"\W", "-", request.node.name)


@pytest.fixture
def dataset(tmp_path):
    ROWS.write_parquet(tmp_path / "test.parquet")
    manifest = Manifest(
        schema_digest="",
        inputs="",
        source=SourceRecord("events", "", ""),
        data_date="2026-01-03",
        time_zone="UTC",
        splits={"train": (), "validation": (), "test": ("2026-01-03",)},
        days=(DayRecord("2026-01-03", "test", "test.parquet", ROWS.height, "", {}),),
        files={},
        read={},
        partitions={},
        dropped={},
    )
    return Dataset(tmp_path, manifest, FeatureMap((), ()))


@pytest.fixture
def registration(tmp_path):
    def make(accepted=True, seed=0, reason="ctr auc = 0.7 meets the floor 0.6"):
        rng = np.random.default_rng(seed)
        root = tmp_path / f"registration-{seed}"
        if not root.exists():
            (root / "model").mkdir(parents=True)
            check_sizes(LAYOUT, IDS)
            tensors = {k: rng.normal(size=shape) for k, shape in LAYOUT.shapes.items()}
            weights = {"embeddings.weight": tensors["embeddings.weight"]}
            for part in ("weight", "bias"):
                weights[f"over.0.{part}"] = tensors[f"head.ctr.0.{part}"]
                weights[f"output.{part}"] = tensors[f"head.ctr.1.{part}"]
            masks = {"cvr": {"over.0.weight": rng.random(weights["over.0.weight"].shape) < 0.5}}
            export(LAYOUT, weights, masks, IDS, root / "model")
        comparison = Comparison("ctr", "auc", "tab=0", "floor", "floor", 0.7, 0.6, accepted, reason)
        return Registration(
            root=root,
            decision=GateDecision(accepted, (reason,), (comparison,)),
            champion=None,
            digest=sha256_file(root / "model" / "ranking.json"),
            dataset="dataset-digest",
            data_date="2026-01-03",
            masks={"ctr": "mask-digest"},
        )

    return make


@pytest.fixture
def put(store, name, dataset, registration, tmp_path):
    """Registers a model under a key."""

    def put(key, judged=None, **made):
        """`judged` is who was champion then, where it isn't the champion of now."""
        run_id = store.start_parent("run", {})
        return register_model(
            store,
            run_id,
            name,
            registration(**made),
            dataset,
            f"{name}/{key}",
            {"lt4rec.config": "config-digest"},
            tmp_path / "scratch",
            champion_version(store, name) if judged is None else judged,
        )

    return put


@pytest.fixture
def aliases(store, name):
    def read():
        return {k: str(v) for k, v in store.client.get_registered_model(name).aliases.items()}

    return read


def test_there_is_no_champion_before_the_first_model(store, name):
    assert champion_version(store, name) == ""
    assert load_version(store, name, champion_version(store, name)) is None
    assert find_registered(store, name, "key") is None


def test_an_accepted_model_becomes_the_champion(put, aliases):
    done = put("a")
    assert (done.version, done.alias) == ("1", "champion")
    assert aliases() == {"champion": "1"}


def test_the_former_champion_becomes_the_previous_one(put, aliases):
    put("a")
    put("b", seed=1)
    assert aliases() == {"champion": "2", "previous": "1"}


def test_a_refused_model_becomes_the_challenger_and_the_champion_stays(put, aliases):
    put("a")
    assert put("b", accepted=False).alias == "challenger"
    assert aliases() == {"champion": "1", "challenger": "2"}


def test_a_refused_first_model_leaves_no_champion(put, store, name, aliases):
    put("a", accepted=False)
    assert aliases() == {"challenger": "1"}
    assert load_version(store, name, champion_version(store, name)) is None


def test_every_comparison_is_a_tag_with_its_reason(put, store, name):
    put("a", reason="x" * 6000)
    tags = store.client.get_model_version(name, "1").tags
    assert tags["lt4rec.gate.ctr.auc.tab:0.floor"].startswith("passed: xxx")
    assert len(tags["lt4rec.reasons"]) == 5000
    assert tags["lt4rec.mask.ctr"] == "mask-digest"
    assert tags["lt4rec.data_date"] == "2026-01-03"
    assert tags["lt4rec.config"] == "config-digest"


def test_registering_twice_makes_one_version(put, store, name, aliases):
    first = put("a")
    assert put("a") == first
    assert find_registered(store, name, f"{name}/a") == first
    assert aliases() == {"champion": "1"}


def test_two_writers_of_one_registration_leave_one_version(put, store, name, aliases, monkeypatch):
    create = store.client.create_model_version

    def create_as_another_does(*arguments, **named):
        create(*arguments, **named)
        return create(*arguments, **named)

    monkeypatch.setattr(store.client, "create_model_version", create_as_another_does)
    assert put("a").version == "1"
    versions = store.client.search_model_versions(f"name = '{name}'")
    assert [str(version.version) for version in versions] == ["1"]
    assert aliases() == {"champion": "1"}


def test_a_verdict_about_a_champion_of_before_promotes_nobody(put, store, name, aliases):
    put("a")
    with pytest.raises(StoreError, match=r"has the champion 1 now; when .* it was none: run again"):
        put("b", judged="", seed=1)
    assert aliases() == {"champion": "1"}
    assert len(store.client.search_model_versions(f"name = '{name}'")) == 1
    put("b", seed=1)
    assert aliases()["previous"] == "1"
    assert put("c", judged="1", accepted=False).alias == "challenger"


def test_repeating_an_old_registration_moves_no_alias(put, aliases):
    put("a")
    put("b", seed=1)
    assert put("a").version == "1"
    assert aliases() == {"champion": "2", "previous": "1"}


MOMENTS = [
    "create_model_version",
    "set_registered_model_alias",
    "set_model_version_tag",
    "finalize_logged_model",
]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize(
    ("after", "fault", "seen"),
    [
        (False, KeyboardInterrupt, KeyboardInterrupt),
        (True, KeyboardInterrupt, KeyboardInterrupt),
        (False, MlflowException("Connection refused"), StoreError),
    ],
)
def test_killed_in_between_there_is_a_champion_and_a_repeat_heals(
    put, store, name, aliases, monkeypatch, moment, after, fault, seen
):
    put("a")
    real = getattr(type(store.client), moment)

    def killed(self, *arguments, **named):
        if after:
            real(self, *arguments, **named)
        raise fault

    with monkeypatch.context() as patch:
        patch.setattr(type(store.client), moment, killed)
        with pytest.raises(seen):
            put("b", seed=1)
    assert aliases()["champion"] in {"1", "2"}
    # The repeat meets the champion that the killed try met.
    assert champion_version(store, name, f"{name}/b") == "1"
    assert put("b", seed=1).version == "2"
    assert aliases() == {"champion": "2", "previous": "1"}


def test_the_champion_is_loaded_as_a_ranking_model(put, store, name):
    put("a")
    current = load_version(store, name, champion_version(store, name))
    assert current.name == "champion (version 1)"
    assert Scorer.load(current.folder).layout == LAYOUT


def test_a_damaged_champion_is_refused(put, store, name):
    put("a")
    file = load_version(store, name, "1").folder / "ranking.json"
    file.write_text(file.read_text().replace('"unknown"', '"Unknown"'))
    with pytest.raises(ArtifactError, match="damaged or exchanged"):
        load_version(store, name, "1")


def test_the_version_comes_from_its_run(put, store, name):
    put("a")
    version = store.client.get_model_version(name, "1")
    (output,) = store.client.get_run(version.run_id).outputs.model_outputs
    assert store.client.get_logged_model(output.model_id).artifact_location == version.source


def test_a_registry_that_refuses_is_told_plainly(put, store, monkeypatch):
    def refuse(*_, **__):
        raise MlflowException("the database is locked")

    monkeypatch.setattr(type(store.client), "create_model_version", refuse)
    with pytest.raises(StoreError, match="can't be registered: the database is locked"):
        put("a")


LOADER = """
import json, sys
# An editable install puts the project on the path, by a path or by a finder of its own.
sys.path[:] = [place for place in sys.path if place != sys.argv[3]]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
import pandas as pd
import mlflow.pyfunc
try:
    import lt4rec_core
    raise SystemExit("the project can be imported, so this proves nothing")
except ImportError:
    pass
model = mlflow.pyfunc.load_model(sys.argv[1])
rows = pd.DataFrame(json.load(open(sys.argv[2])))
rows = rows.astype({"age": "float64", "length": "float64"})
scores = model.predict(rows)
print(json.dumps([scores.to_dict("list"), "torch" in sys.modules, len(model.input_example)]))
"""


def test_the_model_runs_where_the_project_is_not_installed(put, store, name, tmp_path):
    put("a")
    folder = load_version(store, name, champion_version(store, name)).folder
    expected = Scorer.load(folder).score(ROWS)
    (tmp_path / "rows.json").write_text(json.dumps(ROWS.to_dict(as_series=False)))
    root = folder.parent.parent
    project = str(Path(__file__).parents[2])
    rounding = {name: os.environ[name] for name in os.environ if name.startswith("OPENBLAS_")}
    home = {"MLFLOW_DISABLE_TELEMETRY": "true", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-I", "-c", LOADER, str(root), str(tmp_path / "rows.json"), project],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **home, **rounding},
    )
    assert done.returncode == 0, done.stderr
    scores, has_torch, examples = json.loads(done.stdout.splitlines()[-1])
    assert not has_torch
    assert examples == ROWS.height
    for column, values in expected.items():
        np.testing.assert_allclose(scores[column], values, rtol=1e-6)


def test_nothing_is_written_outside_the_workspace(put, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    put("a")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_nothing_in_the_model_is_pickled(put, store, name):
    put("a")
    root = load_version(store, name, champion_version(store, name)).folder.parent.parent
    names = {path.name for path in root.rglob("*") if path.is_file()}
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".joblib"))]
    assert (root / "requirements.txt").read_text().count("==") == 4
    assert not list(Path(root).rglob("__pycache__"))
