from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest

from lt4rec_core.config import Config, Ingest, from_mapping
from lt4rec_core.data import vocabulary
from lt4rec_core.data.dataset import Dataset, open_dataset
from lt4rec_core.data.sources.source import Columns, DayRead
from lt4rec_core.errors import ConfigError, InputError, StoreError
from lt4rec_core.stages import ingest as stage
from lt4rec_core.stages.ingest import ingest, ingest_from
from lt4rec_core.tracking import SilentTracker

DAYS = ("2022-05-01", "2022-05-02", "2022-05-03", "2022-05-04")
FIELDS = [
    {"name": "user_id"},
    {"name": "video", "column": "item_id"},
    {"name": "tags", "values": "multi"},
    {"name": "age", "kind": "numeric", "buckets": 2},
]


def impressions(day: str, rows: int = 6) -> dict[str, list[object]]:
    """Rows of a day: item k is seen by user k mod 3, every second one is clicked."""
    span = range(rows)
    return {
        "row_id": [f"{day}-{k}" for k in span],
        "user": [f"u{k % 3}" for k in span],
        "item": [f"i{k}" for k in span],
        "session": [f"{day}-s{k}" for k in span],
        "time": list(span),
        "length": [10.0] * rows,
        "label.click": [float(k % 2) for k in span],
        "label.watch_ratio": [0.5 if k % 2 else None for k in span],
        "user_id": [f"u{k % 3}" for k in span],
        "item_id": [f"i{k}" for k in span],
        "tags": [["a", "b"][: k % 3] for k in span],
        "age": [float(k) for k in span],
        "tab": [str(k % 2) for k in span],
    }


@dataclass
class FakeSource:
    """Impressions by day, held in memory."""

    rows: dict[str, dict[str, list[object]]] = field(
        default_factory=lambda: {day: impressions(day) for day in DAYS}
    )
    dated: bool = True
    broken: Exception | None = None
    grows: str | None = None  # the day that somebody writes more rows to once it was read
    reads: int = 0
    given: tuple[str, ...] = ("click", "watch_ratio")

    def outcomes(self, ingest: Ingest) -> frozenset[str]:
        return frozenset({"play_time"})

    def labels(self, ingest: Ingest) -> tuple[str, ...]:
        return self.given

    def fingerprint(self, location: str, ingest: Ingest, days: tuple[str, ...] = ()) -> str:
        return json.dumps({day: rows for day, rows in self.rows.items() if not days or day in days})

    def partitions(self, location: str, ingest: Ingest, days: tuple[str, ...]) -> dict[str, str]:
        return {day: json.dumps(self.rows[day]) for day in days}

    def days(self, location: str, ingest: Ingest, scratch: Path | None = None) -> tuple[str, ...]:
        return tuple(self.rows)

    def read(
        self,
        location: str,
        ingest: Ingest,
        columns: Columns,
        days: tuple[str, ...],
        scratch: Path | None = None,
    ) -> Iterator[DayRead]:
        self.reads += 1
        for day in days:
            if self.broken is not None and day == days[-1]:
                raise self.broken
            frame = pl.LazyFrame(self.rows[day])
            read = {"impressions": len(self.rows[day]["row_id"]) + 1}
            yield DayRead(day, frame, read, {"impressions.duplicate": 1})
            if day == self.grows:
                self.rows[day] = impressions(day, rows=8)


def config(**changes: object) -> Config:
    settings = {"train_days": 2, "min_count": 1, "oov_buckets": 4}
    return from_mapping({"fields": FIELDS, "ingest": settings, **changes})


def one_day() -> Config:
    """Trains on a single day."""
    return config(ingest={"train_days": 1, "min_count": 1, "oov_buckets": 4})


def run(
    target: Path,
    source: FakeSource | None = None,
    settings: Config | None = None,
    data_date: str | None = DAYS[-1],
    location: str = "logs",
    base: Dataset | None = None,
) -> Dataset:
    return ingest_from(
        source or FakeSource(),
        settings or config(),
        location,
        data_date,
        target,
        SilentTracker(),
        base,
    )


def files(root: Path) -> dict[str, bytes]:
    paths = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in paths}


def test_a_dataset_opens_and_holds_every_row_of_its_days_in_order(tmp_path: Path) -> None:
    run(tmp_path / "target")
    dataset = open_dataset(tmp_path / "target")
    assert dataset.days("train") == DAYS[:2]
    rows = dataset.scan("train").collect()["row_id"].to_list()
    assert rows == [f"{day}-{k}" for day in DAYS[:2] for k in range(6)]


def test_a_dataset_has_the_declared_columns(tmp_path: Path) -> None:
    schema = run(tmp_path / "target").scan("test").collect_schema()
    assert dict(schema) == {
        "row_id": pl.String,
        "user": pl.String,
        "item": pl.String,
        "time": pl.Int64,
        "length": pl.Float64,
        "label.click": pl.Float32,
        "label.watch_ratio": pl.Float32,
        "user_id": pl.String,
        "item_id": pl.String,
        "tags": pl.List(pl.String),
        "age": pl.Float64,
        "known.user": pl.Boolean,
        "known.item": pl.Boolean,
        "id.user_id": pl.Int32,
        "id.video": pl.Int32,
        "id.tags": pl.List(pl.Int32),
        "id.age": pl.Int32,
    }


def test_ids_are_fitted_on_the_training_days_only(tmp_path: Path) -> None:
    source = FakeSource()
    source.rows[DAYS[3]]["item_id"][0] = "new"
    source.rows[DAYS[3]]["age"][0] = 1e9
    dataset = run(tmp_path / "target", source)
    assert "new" not in dataset.vocabulary("video")["id"].to_list()
    first = dataset.scan("test").collect().row(0, named=True)
    assert first["id.video"] == vocabulary.oov_index("new", 4)
    assert dataset.features.table("age").boundaries == (2.0,)


def test_every_index_lies_within_its_table(tmp_path: Path) -> None:
    dataset = run(tmp_path / "target")
    for split in ("train", "validation", "test"):
        rows = dataset.scan(split).collect()
        for entry in dataset.features.fields:
            indices = rows[f"id.{entry.name}"].explode()
            assert indices.null_count() == 0
            assert indices.is_between(0, dataset.features.table(entry.table).size - 1).all()


def test_users_and_items_of_the_training_days_are_known(tmp_path: Path) -> None:
    source = FakeSource()
    source.rows[DAYS[3]]["user"][0] = "stranger"
    source.rows[DAYS[3]]["item"][1] = "new"
    source.rows[DAYS[3]]["item"][2] = None
    dataset = run(tmp_path / "target", source)
    test = dataset.scan("test").collect()
    assert test["known.user"].to_list() == [False, True, True, True, True, True]
    assert test["known.item"].to_list() == [True, False, False, True, True, True]
    assert dataset.scan("train").collect()["known.user"].all()


def test_the_manifest_counts_rows_labels_and_what_was_dropped(tmp_path: Path) -> None:
    manifest = run(tmp_path / "target").manifest
    assert [(day.rows, day.labels) for day in manifest.days] == [
        (6, {"click": 3.0, "watch_ratio": 1.5})
    ] * 4
    assert manifest.read == {"impressions": 28}
    assert manifest.dropped == {"impressions.duplicate": 4}


def test_a_slice_column_is_carried_along(tmp_path: Path) -> None:
    slices = [{"name": "tab", "column": "tab"}, {"name": "new", "column": "known.item"}]
    dataset = run(tmp_path / "target", settings=config(evaluate={"slices": slices}))
    assert dataset.scan("test").collect()["tab"].to_list() == ["0", "1"] * 3


def test_the_same_input_gives_the_same_bytes_wherever_it_lies(tmp_path: Path) -> None:
    one = run(tmp_path / "a", location="here")
    other = run(tmp_path / "b" / "c", location="there")
    assert one.digest == other.digest
    same, moved = files(one.root), files(other.root)
    manifest, there = (json.loads(each.pop("manifest.json")) for each in (same, moved))
    assert manifest.pop("seal") != there.pop("seal")  # it covers where the data was read, too
    assert there["source"].pop("location") == "there"
    assert manifest["source"].pop("location") == "here"
    assert manifest == there
    assert same == moved


def test_a_whole_dataset_of_the_same_inputs_is_not_made_again(tmp_path: Path) -> None:
    source = FakeSource()
    run(tmp_path / "target", source)
    run(tmp_path / "target", source)
    assert source.reads == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"settings": config(ingest={"train_days": 1})},
        {"data_date": DAYS[2], "settings": config(ingest={"train_days": 1})},
        {"settings": config(fields=FIELDS[:2])},
        {"source": FakeSource({day: impressions(day, rows=7) for day in DAYS})},
    ],
)
def test_other_inputs_make_it_again(tmp_path: Path, changed: dict[str, object]) -> None:
    before = run(tmp_path / "target").digest
    after = run(tmp_path / "target", **changed)  # type: ignore[arg-type]
    assert after.digest != before
    assert open_dataset(tmp_path / "target").digest == after.digest


def test_a_damaged_dataset_is_made_again(tmp_path: Path) -> None:
    dataset = run(tmp_path / "target")
    dataset.paths("test")[0].write_bytes(b"damaged")
    assert run(tmp_path / "target").digest == dataset.digest
    assert open_dataset(tmp_path / "target").digest == dataset.digest


def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    leftover = tmp_path / f".target.partial-{os.getpid()}"
    leftover.mkdir()
    (leftover / "raw").write_text("half")
    run(tmp_path / "target")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (InputError("broken file"), InputError),
        (pl.exceptions.ComputeError("broken file"), InputError),
        (pl.exceptions.ComputeError("No space left on device (os error 28)"), StoreError),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), StoreError),
    ],
)
def test_a_failure_midway_leaves_nothing_and_a_rerun_succeeds(
    tmp_path: Path, error: Exception, expected: type[Exception]
) -> None:
    with pytest.raises(expected):
        run(tmp_path / "target", FakeSource(broken=error))
    assert list(tmp_path.iterdir()) == []
    assert run(tmp_path / "target").manifest.days


def test_a_disk_that_fills_up_in_the_second_pass_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(stage, "_write_encoding", full)
    with pytest.raises(StoreError, match="MiB are free"):
        run(tmp_path / "target")
    assert list(tmp_path.iterdir()) == []


def test_logs_that_change_while_they_are_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="changed while it was read"):
        run(tmp_path / "target", FakeSource(grows=DAYS[1]))
    assert list(tmp_path.iterdir()) == []


def test_days_outside_the_window_may_be_there(tmp_path: Path) -> None:
    assert run(tmp_path / "target", data_date=DAYS[2], settings=one_day()).days("train") == DAYS[:1]


def test_a_column_that_the_source_forgets_is_bad_input(tmp_path: Path) -> None:
    source = FakeSource()
    del source.rows[DAYS[0]]["tags"]
    with pytest.raises(InputError, match="tags"):
        run(tmp_path / "target", source)


def test_a_dated_source_needs_a_data_date(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--data-date"):
        run(tmp_path / "target", data_date=None)


def test_a_missing_day_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="2022-05-09, the test day"):
        run(tmp_path / "target", data_date="2022-05-09")


@pytest.mark.parametrize("day", DAYS)
def test_an_empty_day_is_named(tmp_path: Path, day: str) -> None:
    source = FakeSource()
    source.rows[day] = impressions(day, rows=0)
    with pytest.raises(InputError, match=rf"{day} can be used.*1 impressions\.duplicate"):
        run(tmp_path / "target", source, config(ingest={"train_days": 2, "min_count": 1}))


def without_clicks(*days: str) -> FakeSource:
    source = FakeSource()
    for day in days:
        source.rows[day]["label.click"] = [0.0] * 6
    return source


def test_training_days_without_any_click_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none of the 12 training impressions was clicked"):
        run(tmp_path / "target", without_clicks(*DAYS[:2]))


@pytest.mark.parametrize(("day", "split"), [(DAYS[2], "validation"), (DAYS[3], "test")])
def test_a_task_without_samples_in_a_split_is_named(tmp_path: Path, day: str, split: str) -> None:
    with pytest.raises(InputError, match=rf"task 'cvr' has no samples in the {split} split"):
        run(tmp_path / "target", without_clicks(day))


def test_one_training_day_may_lack_clicks(tmp_path: Path) -> None:
    assert run(tmp_path / "target", without_clicks(DAYS[0])).manifest.days[0].labels["click"] == 0


def test_an_unknown_source_names_the_known_ones(tmp_path: Path) -> None:
    settings = config(ingest={"source": "logs"})
    with pytest.raises(ConfigError, match=r"'logs'.*kuairand"):
        ingest(settings, "logs", None, tmp_path / "target", SilentTracker())


def undated(sessions: int) -> FakeSource:
    return FakeSource({"": impressions("", rows=sessions)}, dated=False)


def test_a_source_without_days_is_split_by_session(tmp_path: Path) -> None:
    source = undated(200)
    source.rows[""]["session"] = [f"s{k // 4}" for k in range(200)]
    dataset = run(tmp_path / "target", source, data_date=None)
    assert [day.day for day in dataset.manifest.days] == ["train", "validation", "test"]
    assert sum(day.rows for day in dataset.manifest.days) == 200
    sessions = [
        {int(row.removeprefix("-")) // 4 for row in dataset.scan(split).collect()["row_id"]}
        for split in ("train", "validation", "test")
    ]
    assert sum(map(len, sessions)) == len(set.union(*sessions)) == 50
    assert "session" not in dataset.scan("train").collect_schema()


def test_a_session_keeps_its_split_and_its_rows_their_order(tmp_path: Path) -> None:
    few = run(tmp_path / "few", undated(100), data_date=None).scan("test").collect()
    many = run(tmp_path / "many", undated(150), data_date=None).scan("test").collect()
    assert many["row_id"].to_list()[: few.height] == few["row_id"].to_list()


def test_a_data_date_selects_nothing_where_there_are_no_days(tmp_path: Path) -> None:
    dated = run(tmp_path / "dated", undated(100), data_date="2022-05-04")
    assert dated.manifest.data_date == "2022-05-04"
    assert dated.digest == run(tmp_path / "plain", undated(100), data_date=None).digest


def test_too_few_sessions_for_a_split_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no session fell into .* 1 sessions were seen"):
        run(tmp_path / "target", undated(1), data_date=None)


def test_a_base_dataset_keeps_its_indices(tmp_path: Path) -> None:
    settings = config(ingest={"train_days": 1, "min_count": 1})
    base = run(tmp_path / "base", data_date=DAYS[2], settings=settings)
    source = FakeSource()
    source.rows[DAYS[1]]["item_id"] = ["i5", "new", "new", "new", "new", "new"]
    later = run(tmp_path / "later", source, settings, base=base)
    old, new = base.vocabulary("video"), later.vocabulary("video")
    kept = ["id", "index", "count"]
    assert new.head(old.height).select(kept).equals(old.select(kept))
    assert new["id"].to_list()[-1] == "new"


@pytest.fixture
def make_target(tmp_path: Path) -> Callable[[], Path]:
    def make() -> Path:
        shutil.rmtree(tmp_path / "target", ignore_errors=True)
        return tmp_path / "target"

    return make


@pytest.mark.parametrize("rows", [1, 2, 100])
def test_row_groups_are_bounded_and_change_no_row(
    make_target: Callable[[], Path], rows: int
) -> None:
    settings = config(ingest={"train_days": 2, "min_count": 1, "row_group_rows": rows})
    dataset = run(make_target(), settings=settings)
    assert dataset.scan("test").collect()["item"].to_list() == [f"i{k}" for k in range(6)]


def test_a_binary_task_without_a_positive_to_train_on_is_named(tmp_path: Path) -> None:
    source = FakeSource(given=("click", "watch_ratio", "like"))
    for day in DAYS:
        source.rows[day]["label.like"] = [0.0] * 6
    like = {"name": "like", "label": "like", "population": "impression"}
    settings = config(tasks=[{"name": "ctr"}, {**like, "loss": "log_loss", "metric": "auc"}])
    with pytest.raises(InputError, match="task 'like' has nothing to learn from"):
        run(tmp_path / "target", source, settings)
