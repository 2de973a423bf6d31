"""What `lt4rec compare-versions` says on stdout, for people."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import typer

from pipelines.cli.days import aligned, number

_WIDEST = 60  # characters of a setting's value


def tell_versions(compared: Mapping[str, Any]) -> None:
    """Prints metrics with gains, slices, masks, settings and data, a table each."""
    for side in ("a", "b"):
        about = compared[side]
        verdict = "accepted" if about["accepted"] else "refused"
        typer.echo(f"{side.upper()}  version {about['version']} of {about['data_date']}, {verdict}")
    days = ", ".join(compared["test_days"])
    _tell(f"On {days}: gains of B over A, with intervals over users", _quality(compared))
    _tell("Masks", _masks(compared["masks"]))
    _tell("Settings", _settings(compared["settings"]))
    _tell("Data", _data(compared["data"]))
    _tell("Drift of the test day, from A to B (PSI)", _drift(compared["data"]["drift"]))
    heads = ["table", "ids of A", "ids of B", "in both"]
    tables = compared["vocabulary"].items()
    rows = [[name, *(f"{found[key]:,}" for key in ("a", "b", "both"))] for name, found in tables]
    _tell("Vocabularies", [heads, *rows])


def _tell(title: str, rows: list[list[str]]) -> None:
    typer.echo(f"\n{title}")
    for line in aligned(rows):
        typer.echo(f"  {line}")


def _quality(compared: Mapping[str, Any]) -> list[list[str]]:
    rows = [["task", "slice", "metric", "A", "B", "gain", "interval", "rows", "events"]]
    for task, judged in compared["tasks"].items():
        metric = judged["metric"]
        others = sorted((judged["a"].keys() & judged["b"].keys()) - {metric})
        rows.append(_line(task, "all", metric, judged, judged["gain"]))
        rows += [_line(task, "all", name, judged, {}) for name in others]
        for name, part in judged["slices"].items():
            rows.append(_line(task, name, metric, part, part["gain"]))
    return rows


def _line(
    task: str, place: str, metric: str, part: Mapping[str, Any], gain: Mapping[str, float]
) -> list[str]:
    reach = f"{gain['low']:+.5f} to {gain['high']:+.5f}" if "low" in gain else ""
    value = number(gain["value"], "+") if "value" in gain else ""
    sides = [number(part[side].get(metric)) for side in ("a", "b")]
    events = f"{part['events']:,}" if "events" in part else ""
    return [task, place, metric, *sides, value, reach, f"{part['rows']:,}", events]


def _masks(masks: Mapping[str, Any]) -> list[list[str]]:
    if "why" in masks:
        return [[f"can't be compared: {masks['why']}"]]
    rows = [["task", "kept by A", "kept by B", "overlap"]]
    for task, found in masks.items():
        kept = [f"{found[side]:.1%}" if side in found else "-" for side in ("a", "b")]
        overlap = f"{found['overlap']:.1%}" if "overlap" in found else found["why"]
        rows.append([task, *kept, overlap])
    return rows if len(rows) > 1 else [["the versions have no masks"]]


def _settings(settings: list[Mapping[str, Any]] | None) -> list[list[str]]:
    if settings is None:
        return [["a version's run kept no configuration"]]
    rows = [[entry["setting"], _short(entry["a"]), _short(entry["b"])] for entry in settings]
    return [["setting", "A", "B"], *rows] if rows else [["all are the same"]]


def _short(value: Any) -> str:
    text = "-" if value is None else json.dumps(value)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _data(data: Mapping[str, Any]) -> list[list[str]]:
    if "why" in data:
        return [[f"can't be compared: {data['why']}"]]
    rows = [["split", "days of A", "days of B", "rows of A", "rows of B", "labels a row of A, B"]]
    for split in data["a"]["splits"]:
        one, other = (data[side]["splits"].get(split) for side in ("a", "b"))
        if one is not None and other is not None:
            days = [_days(found["days"]) for found in (one, other)]
            counts = [f"{found['rows']:,}" for found in (one, other)]
            rows.append([split, *days, *counts, "; ".join(_labels(one, other))])
    rows.append(["in both", f"{len(data['common_train_days'])} training days"] + [""] * 4)
    return rows


def _labels(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    for label, mean in one["label_per_row"].items():
        yield f"{label} {mean:.4f}, {other['label_per_row'].get(label, 0.0):.4f}"


def _days(days: list[str]) -> str:
    return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]} ({len(days)})" if days else "-"


def _drift(drift: Mapping[str, Any]) -> list[list[str]]:
    if "why" in drift:
        return [[f"can't be compared: {drift['why']}"]]
    ordered = sorted(drift.items(), key=lambda entry: -entry[1])
    return [["field", "PSI"], *([name, f"{psi:.4f}"] for name, psi in ordered)]
