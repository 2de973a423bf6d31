"""What two versions were made of: settings, masks, days, rows, ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from lt4rec_core.artifact import parse_json, read_bytes
from lt4rec_core.data import buckets
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.ranking.layout import LAYOUT_FILE, RankingLayout, vocabulary_file
from lt4rec_core.validation.drift import distance

if TYPE_CHECKING:
    from lt4rec_core.data.features import FieldMap
    from lt4rec_core.pruning.mask import Mask


def changed_settings(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Returns each setting that differs, with its value in `a` and in `b` (None: it's absent)."""
    before, after = dict(_flat(a)), dict(_flat(b))
    return [
        {"setting": name, "a": before.get(name), "b": after.get(name)}
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def compare_masks(a: Mapping[str, Mask], b: Mapping[str, Mask]) -> dict[str, Any]:
    """Returns of each task the densities and how much of the masks is common (Jaccard).

    Masks of networks of other shapes have no `overlap`; `why` says so.
    """
    from lt4rec_core.pruning.mask import overlap

    compared: dict[str, Any] = {}
    for task in sorted(a.keys() | b.keys()):
        found = {name: masks[task] for name, masks in (("a", a), ("b", b)) if task in masks}
        entry: dict[str, Any] = {name: mask.density for name, mask in found.items()}
        if len(found) < 2:
            entry["why"] = f"version {next(iter(found))} alone has a mask of this task"
        elif _shapes(found["a"]) != _shapes(found["b"]):
            entry["why"] = "the networks have other shapes"
        else:
            entry["overlap"] = overlap(found["a"], found["b"])
        compared[task] = entry
    return compared


def outline(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Returns of a dataset's manifest its days by split, and rows and mean labels of each."""
    days = manifest["days"]
    splits = {}
    for split, names in manifest["splits"].items():
        records = [day for day in days if day["split"] == split]
        rows = sum(day["rows"] for day in records)
        labels: dict[str, float] = {}
        for day in records:
            for label, total in day["labels"].items():
                labels[label] = labels.get(label, 0.0) + total
        means = {label: total / rows for label, total in labels.items() if rows}
        splits[split] = {"days": list(names), "rows": rows, "label_per_row": means}
    return {"digest": manifest["digest"], "splits": splits, "dropped": dict(manifest["dropped"])}


def common_days(a: Mapping[str, Any], b: Mapping[str, Any]) -> list[str]:
    """Returns the training days that both manifests have."""
    return sorted(set(a["splits"]["train"]) & set(b["splits"]["train"]))


def compare_vocabularies(a: Path, b: Path) -> dict[str, dict[str, int]]:
    """Returns of each categorical table how many ids the ranking models have, and share."""
    ids = {name: dict(_ids(folder)) for name, folder in (("a", a), ("b", b))}
    return {
        table: {
            "a": len(ids["a"].get(table, ())),
            "b": len(ids["b"].get(table, ())),
            "both": len(ids["a"].get(table, set()) & ids["b"].get(table, set())),
        }
        for table in sorted(ids["a"].keys() | ids["b"].keys())
    }


def drift_between(a: Dataset, b: Dataset) -> dict[str, float]:
    """Returns the PSI of each field of `b` between the test days, from raw values.

    Numbers are put into b's buckets. A field that can't be compared is left out.
    """
    worth = [_independent(dataset) for dataset in (a, b)]
    found: dict[str, float] = {}
    for field in b.features.fields:
        counts = [_counts(dataset, field, b) for dataset in (a, b)]
        if any(count is None for count in counts):
            continue
        before, now = (count for count in counts if count is not None)
        values = sorted(before.keys() | now.keys())
        before_T, now_T = (
            np.array([side.get(value, 0) for value in values], dtype=np.float64)
            for side in (before, now)
        )
        psi, _ = distance(before_T, now_T, *worth)
        if psi is not None:
            found[field.name] = psi
    return found


def _flat(settings: object, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Gives settings by dotted path; entries of a list are named by their `name`."""
    if isinstance(settings, Mapping) and settings:
        for key, value in settings.items():
            yield from _flat(value, f"{prefix}.{key}" if prefix else str(key))
    elif _is_named(settings):
        for entry in settings:  # type: ignore[attr-defined]
            yield from _flat(entry, f"{prefix}.{entry['name']}")
    else:
        yield prefix, settings


def _is_named(value: object) -> bool:
    return (
        isinstance(value, Sequence)
        and not isinstance(value, str)
        and bool(value)
        and all(isinstance(entry, Mapping) and "name" in entry for entry in value)
    )


def _shapes(mask: Mask) -> dict[str, tuple[int, ...]]:
    return {name: tuple(kept.shape) for name, kept in mask.tensors.items()}


def _ids(folder: Path) -> Iterator[tuple[str, set[str]]]:
    layout, _ = RankingLayout.from_json(read_bytes(folder, LAYOUT_FILE))
    for table in layout.tables:
        if table.kind == "categorical":
            yield table.name, set(parse_json(read_bytes(folder, vocabulary_file(table.name))))


def _counts(dataset: Dataset, field: FieldMap, bounds: Dataset) -> dict[str, int] | None:
    """How often each raw value, or bucket of numbers, occurs on the test days."""
    scan = dataset.scan("test")
    if field.column not in scan.collect_schema().names():
        return None
    value = pl.col(field.column)
    if field.kind == "numeric":
        value = buckets.encode(value, bounds.features.table(field.table).boundaries)
    elif field.values == "multi":
        value = value.list.explode(keep_nulls=False, empty_as_null=False)
    counted = (
        scan.select(value.cast(pl.String).fill_null("").alias("value"))
        .group_by("value")
        .len()
        .collect(engine="streaming")
    )
    return dict(counted.iter_rows())


def _independent(dataset: Dataset) -> float:
    """Kish's effective number of users on the test days: a user's rows resemble each other."""
    rows = pl.col("len").cast(pl.Float64)
    users = dataset.scan("test").group_by("user").len()
    worth = users.select(rows.sum().pow(2) / rows.pow(2).sum()).collect(engine="streaming")
    return float(worth.item() or 1.0)
