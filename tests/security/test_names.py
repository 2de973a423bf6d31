"""No name that comes from outside leads out of the workspace."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.failures import Failure, read_failure, write_failure
from components.inputs import dataset_folder
from components.reference import Reference
from components.store import Store
from lt4rec_core.artifact import inside
from lt4rec_core.config import Config, Tracking, from_mapping
from lt4rec_core.data.dataset import vocabulary_file
from lt4rec_core.errors import ArtifactError, ConfigError, InputError, StoreError
from lt4rec_core.stages.ingest import ingest
from lt4rec_core.tracking import SilentTracker
from pipelines.cli import fetching

HOSTILE = (
    "../x",
    "/etc/passwd",
    "..",
    ".",
    ".hidden",
    "a/b",
    "a\\b",
    "a\0b",
    "",
    "a'b",
    'a"b',
    "a\nb",
)
PARTS = st.sampled_from(
    ["..", "/", "\\", "\0", "a", ".", " ", "-", "ü", "'", "`", "$(x)", ";", "%2e"]
)
NAMES = st.one_of(st.lists(PARTS, max_size=8).map("".join), st.text(max_size=30))


def config(**changes: object) -> Config:
    return from_mapping({"fields": [{"name": "user_id"}], **changes})


PLACES = {
    "field": lambda name: {"fields": [{"name": name}]},
    "table": lambda name: {"fields": [{"name": "user_id", "table": name}]},
    "task": lambda name: {"tasks": [{"name": name}]},
    "slice": lambda name: {"evaluate": {"slices": [{"name": name, "column": "tab"}]}},
    "model": lambda name: {"register": {"model_name": name}},
    "experiment": lambda name: {"tracking": {"experiment": name}},
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", [name for name in HOSTILE if name])
def test_a_hostile_name_is_refused(place, name):
    with pytest.raises(ConfigError, match="name"):
        config(**PLACES[place](name))


@given(st.sampled_from(sorted(PLACES)), NAMES)
def test_a_name_that_is_taken_stays_inside(place, name):
    root = Path("/workspace")
    try:
        taken = config(**PLACES[place](name))
    except ConfigError:
        return
    names = [field.table_name for field in taken.fields] + [task.name for task in taken.tasks]
    names += [taken.register.model_name, taken.tracking.experiment]
    for one in names:
        assert (root / "state" / f"prune-{one}-0123" / "state").resolve().is_relative_to(root)
        assert inside(root, vocabulary_file(one)).parent.name == "vocabulary"


def test_the_source_s_columns_may_have_any_name():
    assert config(fields=[{"name": "x", "column": "../a column/ü"}]).fields[0].column


@pytest.mark.parametrize("date", ["../../x", "/etc", "2026-01-05/../..", "2026-01-05\0"])
def test_a_date_names_a_day_or_nothing(tiny_config, tiny_logs, tmp_path, date):
    with pytest.raises((ConfigError, InputError)):
        ingest(tiny_config, str(tiny_logs), date, tmp_path / "dataset", SilentTracker())
    assert list(tmp_path.iterdir()) == []


@given(NAMES, NAMES, NAMES)
def test_a_reference_leads_nowhere_else(run, path, digest):
    root = Path("/workspace")
    try:
        reference = Reference.parse(f"runs:/{run}/{path}#{digest}")
        place = inside(root / "artifacts", reference.path)
    except ArtifactError:
        return
    assert place.resolve().is_relative_to(root / "artifacts")
    assert dataset_folder(root, reference.digest).resolve().is_relative_to(root / "datasets")


class Liar:
    """An MLflow server whose runs have a path for an id."""

    run = SimpleNamespace(
        info=SimpleNamespace(run_id="../../theirs", artifact_uri="", status="FINISHED")
    )

    def create_run(self, *_: object, **__: object) -> SimpleNamespace:
        return self.run

    def get_run(self, _: str) -> SimpleNamespace:
        return self.run


def test_a_run_s_id_names_files_of_the_workspace_alone(tmp_path, monkeypatch):
    store = Store(Liar(), "http://liar", "0", tmp_path)
    with pytest.raises(StoreError, match="theirs"):
        store.start_child("parent", "warmup", {})
    monkeypatch.setattr(fetching, "open_existing", lambda *_: store)
    with pytest.raises(ArtifactError, match="theirs"):
        fetching.fetch_report(Tracking(uri="http://liar"), tmp_path, "any", None)


@given(NAMES.filter(lambda name: "\0" not in name and len(name.encode()) < 60))
def test_a_failure_is_told_inside_the_workspace(tmp_path_factory, run_id):
    root = tmp_path_factory.mktemp("workspace")
    failure = Failure("ingest", "InputError", "it's gone")
    write_failure(root, run_id, failure)
    assert read_failure(root, run_id) == failure
    [written] = [path for path in root.rglob("*") if path.is_file()]
    assert written.parent == root / "failures"
