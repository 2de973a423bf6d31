from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import torch

from lt4rec_core.config import Config
from lt4rec_core.data import samples as module
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.features import FeatureMap, FieldMap, TableMap
from lt4rec_core.data.layout import layout_of
from lt4rec_core.data.manifest import DayRecord, Manifest, SourceRecord
from lt4rec_core.data.samples import Samples, read_samples
from lt4rec_core.stages.ingest import ingest
from lt4rec_core.tasks import TASKS
from lt4rec_core.tracking import SilentTracker


def test_a_batch_holds_the_ids_of_its_rows_in_order(make_samples: Callable[..., Samples]) -> None:
    samples = make_samples(20)
    rows = torch.tensor([7, 3, 7, 19])
    batch = samples.batch(rows)
    expected = [samples.ids[samples.starts[r] : samples.starts[r + 1]] for r in rows]
    assert batch.ids.tolist() == torch.cat(expected).tolist()
    assert batch.size == 4


def test_bags_begin_where_each_field_of_each_row_does(make_samples: Callable[..., Samples]) -> None:
    samples = make_samples(20)
    batch = samples.batch(torch.tensor([5, 2]))
    lengths = torch.diff(batch.bags, append=torch.tensor([len(batch.ids)]))
    assert lengths.tolist() == samples.lengths[[5, 2]].flatten().tolist()


def test_the_population_of_cvr_is_the_clicks(make_samples: Callable[..., Samples]) -> None:
    samples = make_samples(50)
    clicked = samples.population(TASKS["cvr"])
    assert clicked.tolist() == samples.labels["click"].nonzero().flatten().tolist()
    assert len(samples.population(TASKS["ctr"])) == 50


def test_a_batch_without_rows_is_empty(make_samples: Callable[..., Samples]) -> None:
    batch = make_samples(5).batch(torch.tensor([], dtype=torch.int64))
    assert (batch.size, len(batch.ids), len(batch.bags)) == (0, 0, 0)


@pytest.fixture
def dataset(tiny_config: Config, tiny_logs: Path, tmp_path: Path) -> Dataset:
    target = tmp_path / "dataset"
    return ingest(tiny_config, str(tiny_logs), "2026-01-05", target, SilentTracker())


def test_a_split_is_read_row_by_row_however_many_rows_are_written_at_once(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ROWS_AT_ONCE", 7)
    samples, rows = read_samples(dataset, "train"), dataset.scan("train").collect()
    offsets = layout_of(dataset.features).field_offsets
    for row in (0, 6, 7, rows.height - 1):
        found = rows.row(row, named=True)
        values = [found[f"id.{field.name}"] for field in dataset.features.fields]
        lists = [value if isinstance(value, list) else [value] for value in values]
        wanted = [i + offset for ids, offset in zip(lists, offsets, strict=True) for i in ids]
        assert samples.ids[samples.starts[row] : samples.starts[row + 1]].tolist() == wanted
        assert samples.lengths[row].tolist() == [len(ids) for ids in lists]
    clicks = torch.from_numpy(rows["label.click"].to_numpy())
    assert samples.labels["click"].equal(clicks)
    assert samples.labels["watch_ratio"].isnan().equal(clicks == 0)


def test_tensors_are_written_once_and_again_where_they_were_damaged(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = read_samples(dataset, "train").ids.clone()
    with monkeypatch.context() as patch:
        patch.delattr(module, "write_tensors")
        assert read_samples(dataset, "train").ids.equal(first)
    for file in (dataset.root / "tensors").rglob("*.bin"):
        file.write_bytes(b"")
    assert read_samples(dataset, "train").ids.equal(first)


FIELDS, ROWS = 16, 500_000
FEED = """
import sys
from pathlib import Path
import torch
from lt4rec_core.data import samples as module
from lt4rec_core.data.dataset import open_dataset

def anonymous():
    status = Path("/proc/self/status").read_text().split("RssAnon:")[1]
    return int(status.split()[0]) << 10

torch.set_num_threads(1)
module._ROWS_AT_ONCE = 1 << 14
dataset = open_dataset(Path(sys.argv[1]), verify=False)
module.read_samples(dataset, "validation").batch(torch.arange(1 << 14))
most = before = anonymous()
samples = module.read_samples(dataset, "train")
for start in range(0, samples.rows, 1 << 14):
    samples.batch(torch.arange(start, min(start + (1 << 14), samples.rows)))
    most = max(most, anonymous())
tensors = (samples.ids, samples.starts, samples.lengths, *samples.labels.values())
print(most - before, sum(tensor.nbytes for tensor in tensors))
"""


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    names = [f"f{number}" for number in range(FIELDS)]
    features = FeatureMap(
        tuple(FieldMap(name, name, "single", name, "categorical") for name in names),
        tuple(TableMap(name, "categorical", 9, 8) for name in names),
    )
    columns = {f"id.{name}": np.ones(ROWS, np.int32) for name in names}
    rows = pl.DataFrame({**columns, "label.click": np.ones(ROWS, np.float32)})
    days = []
    for split, part in (("train", rows), ("validation", rows.head(1 << 14))):
        part.write_parquet(tmp_path / f"{split}.parquet", row_group_size=1 << 14)
        days.append(DayRecord(split, split, f"{split}.parquet", part.height, split, {}))
    source, splits = SourceRecord("made up", "", ""), {day.split: (day.day,) for day in days}
    record = (features.digest, "", source, None, "UTC", splits, tuple(days), {}, {}, {}, {})
    (tmp_path / "manifest.json").write_text(Manifest(*record).to_json())
    (tmp_path / "features.json").write_text(features.to_json())
    feed = [sys.executable, "-c", FEED, str(tmp_path)]
    # What is freed goes back to the system at once: how much an allocator keeps of it varies with
    # the order in which threads run, by a third of what is fed.
    returned = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    environment = {**os.environ, **returned, "POLARS_MAX_THREADS": "1"}
    found = subprocess.run(
        feed, check=True, capture_output=True, text=True, timeout=120, env=environment
    )
    grown, fed = map(int, found.stdout.split())
    assert fed > 50_000_000
    assert grown < fed / 5
