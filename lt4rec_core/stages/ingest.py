"""Stage ingest: from raw logs to one encoded dataset."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from lt4rec_core.config import Config, digest
from lt4rec_core.data import encoding
from lt4rec_core.data.atomic import folder_aside, sha256_file
from lt4rec_core.data.dataset import Dataset, open_dataset, vocabulary_file
from lt4rec_core.data.days import Days, days_of, refuse_changed, splits_of
from lt4rec_core.data.declaration import declare
from lt4rec_core.data.encoding import Encoding
from lt4rec_core.data.manifest import FORMAT, SPLITS, DayRecord, Manifest, SourceRecord
from lt4rec_core.data.memory import read_ahead_little
from lt4rec_core.data.raw import RawLog, gather, read_days
from lt4rec_core.data.raw_day import RawDay
from lt4rec_core.data.sources.registry import find
from lt4rec_core.data.sources.source import Source
from lt4rec_core.errors import ArtifactError, InputError
from lt4rec_core.tasks import EVERY_IMPRESSION, resolve
from lt4rec_core.tracking import Tracker


def ingest(
    config: Config,
    location: str,
    data_date: str | None,
    target: Path,
    tracker: Tracker,
    base: Dataset | None = None,
    days: Days | None = None,
    read: Mapping[str, RawDay] | None = None,
) -> Dataset:
    """Reads the logs at `location` into an encoded dataset at `target`, whole or not at all.

    Args:
        config: `ingest`, `fields`, `tasks` and `evaluate.slices` matter.
        location: folder or `s3://` prefix of the logs.
        data_date: the test day of a source with dates, like "2022-05-03".
        target: folder of the dataset; a whole one made of the same inputs is returned
            as it is, any other is replaced.
        tracker: hears about each day.
        base: an earlier dataset whose ids in use keep their indices; see
            `lt4rec_core.data.vocabulary.fit`.
        days: which days to read, where that was looked up before.
        read: these days, where `ingest_day` has read each before; the logs aren't read again.

    Raises:
        ConfigError: the configuration asks what can't be had, or lacks a data date.
        InputError: the logs lack a day, a column, clicks or samples of a task.
        StoreError: the disk is full.
    """
    source = find(config.ingest.source)
    return ingest_from(source, config, location, data_date, target, tracker, base, days, read)


def ingest_from(
    source: Source,
    config: Config,
    location: str,
    data_date: str | None,
    target: Path,
    tracker: Tracker,
    base: Dataset | None = None,
    days: Days | None = None,
    read: Mapping[str, RawDay] | None = None,
) -> Dataset:
    """Does the work of `ingest`, for any source."""
    read_ahead_little()
    settings = config.ingest
    columns = declare(config, source)
    days = days or days_of(source, location, settings, data_date)
    record = SourceRecord(settings.source, location, days.fingerprint)
    inputs = _inputs(config, columns.names, days, data_date, base)
    finished = _finished(target, inputs)
    if finished is not None:
        tracker.progress(f"ingest: {target} is already made of these inputs")
        return finished
    with folder_aside(target) as folder:
        parked = folder / "raw"
        parked.mkdir()
        splits = splits_of(source, location, settings, days, parked)
        if read is None:
            wanted = days.read or ("",)
            read = read_days(source, location, settings, columns, wanted, parked, tracker)
        log = gather(read, splits, location, settings)
        _refuse_untrainable(config, log)
        known = None if base is None else encoding_of(base)
        train = {day.day: pl.scan_parquet(day.path, glob=False) for day in log.splits["train"]}
        fitted = encoding.fit(train, config.fields, settings, known)
        records = _write_days(log, fitted, folder, settings.row_group_rows, tracker)
        manifest = Manifest(
            schema_digest=fitted.features.digest,
            inputs=inputs,
            source=record,
            data_date=data_date,
            time_zone=settings.time_zone,
            splits={split: tuple(day.day for day in log.splits[split]) for split in SPLITS},
            days=records,
            files=_write_encoding(fitted, folder),
            partitions=source.partitions(location, settings, days.read),
            read=log.read,
            dropped=log.dropped,
            left_out=days.left_out,
        )
        refuse_changed(source, location, settings, days.read, days.fingerprint)
        (folder / "manifest.json").write_text(manifest.to_json(), encoding="utf-8")
        shutil.rmtree(parked)
    return Dataset(target, manifest, fitted.features)


def encoding_of(dataset: Dataset) -> Encoding:
    """Returns the encoding that a dataset was made with."""
    tables = [table.name for table in dataset.features.tables if table.kind == "categorical"]
    return Encoding(dataset.features, {name: dataset.vocabulary(name) for name in tables})


def _inputs(
    config: Config,
    columns: tuple[str, ...],
    days: Days,
    data_date: str | None,
    base: Dataset | None,
) -> str:
    """Digests all that the dataset depends on."""
    tasks = [[task.name, task.label, task.population] for task in resolve(config.tasks)]
    ancestor = None if base is None else base.digest
    logs = [days.fingerprint, data_date, dict(days.left_out)]
    parts = [FORMAT, *logs, ancestor, columns, tasks]
    return digest(*parts, config.ingest, *config.fields)


def _finished(target: Path, inputs: str) -> Dataset | None:
    """Returns the dataset at `target` if it is whole and made of these inputs."""
    if not target.is_dir():
        return None
    try:
        dataset = open_dataset(target)
    except ArtifactError:
        return None
    return dataset if dataset.manifest.inputs == inputs else None


def _refuse_untrainable(config: Config, log: RawLog) -> None:
    train = log.splits["train"]
    if not any(day.ones.get("click", 1) for day in train):
        raise InputError(
            f"none of the {sum(day.rows for day in train)} training impressions was "
            "clicked; expected some: see whether the clicks belong to these impressions"
        )
    for task in resolve(config.tasks):
        if task.binary and not any(day.ones[task.label] for day in train):
            raise InputError(
                f"task {task.name!r} has nothing to learn from: no training row has "
                f"{task.label} = 1; train on more days (ingest.train_days) or leave the task out"
            )
        for split in SPLITS:
            if not any(_samples(task.population, day) for day in log.splits[split]):
                days = ", ".join(day.day for day in log.splits[split])
                raise InputError(
                    f"task {task.name!r} has no samples in the {split} split ({days}): no row "
                    f"has {task.population} = 1; choose other days or leave the task out"
                )


def _samples(population: str, day: RawDay) -> int:
    return day.rows if population == EVERY_IMPRESSION else day.ones[population]


def _write_days(
    log: RawLog, fitted: Encoding, folder: Path, row_group_rows: int, tracker: Tracker
) -> tuple[DayRecord, ...]:
    (folder / "days").mkdir()
    seen = {key: _seen(log, key) for key in ("user", "item")}
    records = []
    for split in SPLITS:
        for day in log.splits[split]:
            name = f"days/{day.day}.parquet"
            rows = pl.scan_parquet(day.path, glob=False)
            rows = rows.with_columns(
                _known(key, None if split == "train" else values) for key, values in seen.items()
            )
            encoded = fitted.encode(rows)
            encoded.sink_parquet(folder / name, compression="zstd", row_group_size=row_group_rows)
            if day.path.is_relative_to(folder):  # else another run may read it, too
                day.path.unlink()
            sha256 = sha256_file(folder / name)
            records.append(DayRecord(day.day, split, name, day.rows, sha256, day.sums))
            tracker.progress(f"ingest: encoded {day.day}, {day.rows} impressions ({split})")
    return tuple(records)


def _seen(log: RawLog, key: str) -> pl.Enum:
    """Returns the distinct users or items of the training days."""
    train = pl.scan_parquet([day.path for day in log.splits["train"]], glob=False)
    distinct = train.select(key).drop_nulls().unique().collect(engine="streaming")
    return pl.Enum(distinct[key].sort())


def _known(key: str, seen: pl.Enum | None) -> pl.Expr:
    """Whether a key is one of those: an Enum is looked up without holding rows as joins do."""
    found = pl.lit(True) if seen is None else pl.col(key).cast(seen, strict=False).is_not_null()
    return found.alias(f"known.{key}")


def _write_encoding(fitted: Encoding, folder: Path) -> dict[str, str]:
    """Writes the feature map and the vocabularies; returns their digests."""
    names = ["features.json"]
    (folder / "features.json").write_text(fitted.features.to_json(), encoding="utf-8")
    (folder / "vocabulary").mkdir()
    for table, ids in fitted.vocabularies.items():
        names.append(vocabulary_file(table))
        ids.write_parquet(folder / names[-1], compression="zstd")
    return {name: sha256_file(folder / name) for name in names}
