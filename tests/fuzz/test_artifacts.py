"""Artifacts from a store: whatever was done to a file, it is refused, or what it says holds.

Digests refuse nearly every mutant. Each is therefore fed twice: as it is, and sealed
anew, as somebody would who can write to the store.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lt4rec_core.artifact import sealed
from lt4rec_core.config import Config, Model, changed
from lt4rec_core.data.dataset import open_dataset
from lt4rec_core.data.features import FeatureMap
from lt4rec_core.data.layout import layout_of
from lt4rec_core.data.manifest import Manifest
from lt4rec_core.data.raw_day import RawDay, open_raw_day, write_record
from lt4rec_core.data.tensor_files import map_tensors, write_tensors
from lt4rec_core.errors import LT4RECError
from lt4rec_core.model.sharing.registry import build
from lt4rec_core.pruning.mask import check_fits
from lt4rec_core.ranking.export import export
from lt4rec_core.ranking.layout import Field, Length, RankingLayout, Table
from lt4rec_core.ranking.scorer import Scorer
from lt4rec_core.stages.evaluate import open_evaluation
from lt4rec_core.stages.ingest import ingest
from lt4rec_core.stages.prune import open_mask
from lt4rec_core.stages.register import open_registration
from lt4rec_core.tracking import SilentTracker
from lt4rec_core.training.checkpoint import load_weights, open_checkpoint, save_checkpoint

LAYOUT = RankingLayout(
    fields=(
        Field("user", "user_id", "user"),
        Field("tags", "tags", "tag", values="multi", separator="|"),
        Field("age", "age", "age", kind="numeric"),
    ),
    tables=(
        Table("user", "categorical", 5, oov_buckets=2),
        Table("tag", "categorical", 4, oov_buckets=1),
        Table("age", "numeric", 4, boundaries=(18.0, 40.0)),
    ),
    embedding_dim=2,
    hidden=(3,),
    crossing="full",
    tasks=("ctr", "cvr"),
    exponents={"ctr": 1.0, "cvr": 2.0},
    length=Length(exponent=0.5, unknown=9.0),
)
IDS = {"user": ["u1", "u2"], "tag": ["red", "blue"]}
ROWS = {"user_id": ["u1", None], "tags": ["red|x", ""], "age": [20, "?"], "length": [7.0, None]}


def network(tasks: tuple[str, ...] = ("ctr", "cvr")) -> torch.nn.Module:
    names = [table.name for table in LAYOUT.tables]
    from lt4rec_core.data.layout import Layout

    layout = Layout(
        fields=tuple(field.name for field in LAYOUT.fields),
        tables=tuple((table.name, table.size) for table in LAYOUT.tables),
        lookups=tuple(names.index(field.table) for field in LAYOUT.fields),
    )
    model = Model(embedding_dim=LAYOUT.embedding_dim, hidden=LAYOUT.hidden)
    return build("connection_share", layout, model, tasks, torch.Generator().manual_seed(7))


NETWORK = network()


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[Callable[[Path], Any]], Path]:
    """Gives a new folder that something writes itself into."""

    def make(write: Callable[[Path], Any]) -> Path:
        target = tmp_path / "artifact"
        write(target)
        return target

    return make


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def twice(
    target: Path, read: Callable[[], Any], seal: Callable[[], None]
) -> Callable[[Path], None]:
    """Puts a mutant in the place of `target`, and reads it; then sealed anew, if it can be."""

    def feed(mutant: Path) -> None:
        shutil.copyfile(mutant, target)
        try:
            read()
        except LT4RECError:
            with contextlib.suppress(Exception):  # where nothing can be sealed
                seal()
            read()

    return feed


def record_of(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_bytes())
    return dict(record.items())


# -- checkpoints and masks -------------------------------------------------------------


def checkpoint(target: Path) -> None:
    tensors = {f"weights/{name}": values for name, values in NETWORK.state_dict().items()}
    save_checkpoint(target, "checkpoint", tensors, {"schema_digest": "s", "metrics": {"ctr": 0.5}})


def mask(target: Path) -> None:
    tensors = {name: w > 0 for name, w in NETWORK.prunable("ctr").items()}
    save_checkpoint(target, "mask", tensors, {"schema_digest": "s", "task": "ctr"})


def read_checkpoint(root: Path) -> None:
    opened = open_checkpoint(root, "checkpoint", "s")
    load_weights(NETWORK, opened.group("weights"))


def read_mask(root: Path) -> None:
    found, _ = open_mask(root, "s")
    check_fits(found, NETWORK.prunable("ctr"))
    assert 0 <= found.density <= 1


KINDS = {"checkpoint": (checkpoint, read_checkpoint), "mask": (mask, read_mask)}


@pytest.mark.parametrize("kind", KINDS)
def test_the_manifest_of_tensors_is_read_or_refused(fuzz, folder, kind):
    write, read = KINDS[kind]
    root = folder(write)
    manifest = root / "manifest.json"

    def seal() -> None:
        record = record_of(manifest) | {"digest": sha256(root / "tensors.safetensors")}
        manifest.write_text(json.dumps(sealed(record)))

    seed = manifest.read_bytes()
    fuzz(f"{kind} manifest", [seed], twice(manifest, lambda: read(root), seal))


@pytest.mark.parametrize("kind", KINDS)
def test_tensors_are_read_or_refused(fuzz, folder, kind):
    write, read = KINDS[kind]
    root = folder(write)
    tensors, manifest = root / "tensors.safetensors", root / "manifest.json"

    def seal() -> None:
        manifest.write_text(json.dumps(sealed(record_of(manifest) | {"digest": sha256(tensors)})))

    seed = tensors.read_bytes()
    fuzz(f"{kind} safetensors", [seed], twice(tensors, lambda: read(root), seal))


# -- datasets --------------------------------------------------------------------------


@pytest.fixture
def own_dataset(tiny_config: Config, tiny_logs: Path, tmp_path: Path) -> Path:
    """A dataset to be spoiled, of few files: all are read for every input."""
    fields = [
        {"name": "user_id"},
        {"name": "tags", "values": "multi"},
        {"name": "duration", "column": "duration_ms", "kind": "numeric", "buckets": 6},
    ]
    config = changed(tiny_config, {"ingest.train_days": 1, "fields": fields})
    target = tmp_path / "dataset"
    return ingest(config, str(tiny_logs), "2026-01-03", target, SilentTracker()).root


def read_dataset(root: Path) -> None:
    dataset = open_dataset(root)
    for split in dataset.manifest.splits:
        assert all(path.is_relative_to(root) for path in dataset.paths(split))
    assert layout_of(dataset.features).rows < 10_000


def reseal(root: Path) -> None:
    manifest = record_of(root / "manifest.json")
    features = FeatureMap.from_json((root / "features.json").read_bytes())
    manifest["schema_digest"] = features.digest
    manifest["files"]["features.json"] = sha256(root / "features.json")
    plain = {
        key: manifest[key] for key in manifest if key not in ("format", "kind", "digest", "seal")
    }
    from lt4rec_core.data.manifest import _ADAPTER

    digest = _ADAPTER.validate_python(plain).digest
    (root / "manifest.json").write_text(json.dumps(sealed(manifest | {"digest": digest})))


@pytest.mark.parametrize("name", ["manifest.json", "features.json"])
def test_a_dataset_is_read_or_refused(fuzz, own_dataset, name):
    whole = (own_dataset / "manifest.json").read_bytes()
    file = own_dataset / name

    def read() -> None:
        read_dataset(own_dataset)

    def feed(mutant: Path) -> None:
        (own_dataset / "manifest.json").write_bytes(whole)
        twice(file, read, lambda: reseal(own_dataset))(mutant)

    fuzz(f"dataset {name}", [file.read_bytes()], feed)


def test_a_manifest_alone_is_read_or_refused(fuzz, own_dataset):
    file = own_dataset / "manifest.json"

    def read() -> None:
        Manifest.from_json(file.read_bytes())

    def seal() -> None:
        file.write_text(json.dumps(sealed(record_of(file))))

    fuzz("manifest", [file.read_bytes()], twice(file, read, seal))


@pytest.mark.parametrize("kind", ["day", "tensors"])
def test_a_record_beside_its_files_is_read_or_refused(fuzz, tmp_path, kind):
    if kind == "day":
        rows = tmp_path / "2026-01-05.parquet"
        rows.touch()
        write_record(RawDay("2026-01-05", rows, 1, {"click": 1.0}, {"click": 1}, {}, {}, {}))
        record, read = tmp_path / "day.json", open_raw_day
    else:
        write_tensors(tmp_path, [{"ids": np.ones(8, np.int64)}])
        record, read = tmp_path / "tensors.json", map_tensors

    def seal() -> None:
        record.write_text(json.dumps(sealed(record_of(record))))

    feed = twice(record, lambda: read(tmp_path), seal)
    fuzz(f"record of {kind}", [record.read_bytes()], feed)


# -- the registered model --------------------------------------------------------------


def ranking(target: Path) -> None:
    target.mkdir()
    weights = {name: values.numpy() for name, values in NETWORK.state_dict().items()}
    export(LAYOUT, weights, {}, IDS, target)


RANKING = ("ranking.json", "model.safetensors", "vocabulary/user.json")


@pytest.mark.parametrize("name", RANKING)
def test_a_ranking_model_is_read_or_refused(fuzz, folder, name):
    root = folder(ranking)
    file, layout = root / name, root / "ranking.json"
    whole = layout.read_bytes()

    def read() -> None:
        scorer = Scorer.load(root)
        with np.errstate(over="ignore", invalid="ignore"):  # of weights as large as floats go
            scorer.score({column: ROWS.get(column, [1, 2]) for column in scorer.columns})

    def seal() -> None:
        record = record_of(layout)
        record["files"] = {known: sha256(root / known) for known in RANKING[1:]} | {
            "vocabulary/tag.json": sha256(root / "vocabulary" / "tag.json")
        }
        layout.write_text(json.dumps(sealed(record)))

    def feed(mutant: Path) -> None:
        layout.write_bytes(whole)
        twice(file, read, seal)(mutant)

    fuzz(f"ranking {name}", [file.read_bytes()], feed)


# -- records of stages -----------------------------------------------------------------

REGISTRATION: Mapping[str, Any] = {
    "format": 1,
    "kind": "registration",
    "digest": "d",
    "dataset": "e",
    "data_date": "2026-01-05",
    "masks": {"ctr": "m"},
    "decision": {"accepted": True, "reasons": ["it is better"], "comparisons": []},
    "champion": None,
}


def test_a_registration_is_read_or_refused(fuzz, tmp_path):
    def read(path: Path) -> None:
        shutil.copyfile(path, tmp_path / "registration.json")
        open_registration(tmp_path)

    fuzz("registration", [json.dumps(REGISTRATION).encode()], read)


def test_an_evaluation_is_read_or_refused(fuzz, tmp_path):
    def read(path: Path) -> None:
        shutil.copyfile(path, tmp_path / "metrics.json")
        open_evaluation(tmp_path)

    fuzz("evaluation", [b'{"tasks": {"ctr": {"metric": "auc", "model": {"auc": 0.5}}}}'], read)
