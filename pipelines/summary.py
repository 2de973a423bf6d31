"""The summary of a finished run, put together from what its nodes left in MLflow."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

from components.reference import Reference
from components.registration_step import read_outcome
from components.store import Store


def summarize(store: Store, run_id: str, data_date: str) -> dict[str, Any]:
    """Returns the object that `lt4rec run --json` prints."""
    steps = store.children(run_id)
    folders = {
        node: store.folder(Reference.parse(run.data.tags["lt4rec.reference"]))
        for node, run in steps.items()
        if node not in ("ingest",)
    }
    judged = _read(folders["evaluate"] / "metrics.json")
    registered = read_outcome(folders["register"])
    return {
        "run_id": run_id,
        "data_date": data_date or None,
        "metrics": {task: entry["model"] for task, entry in judged["tasks"].items()},
        "mtl_gain": {task: entry.get("mtl_gain") for task, entry in judged["tasks"].items()},
        "events": {task: entry.get("events") for task, entry in judged["tasks"].items()},
        "masks": _masks(folders, list(judged["tasks"])),
        "gate": {key: registered["gate"][key] for key in ("accepted", "reasons")},
        "model": registered["model"],
        "report": steps["register"].data.tags.get("lt4rec.report"),
        "seconds": {
            node: round(run.data.metrics["seconds"], 2)
            for node, run in sorted(steps.items(), key=lambda entry: entry[1].info.start_time)
        },
    }


def _masks(folders: dict[str, Path], tasks: list[str]) -> dict[str, Any]:
    from lt4rec_core.pruning.mask import overlap
    from lt4rec_core.stages.prune import open_mask

    found = {task: open_mask(folders[f"prune-{task}"]) for task in tasks}
    summary: dict[str, Any] = {
        task: {
            "density": saved.manifest["density"],
            "digest": saved.manifest["mask_digest"],
            "round": saved.manifest["round"],
        }
        for task, (_, saved) in found.items()
    }
    pairs = itertools.combinations(tasks, 2)
    shares = {f"{a}/{b}": overlap(found[a][0], found[b][0]) for a, b in pairs}
    summary["overlap"] = next(iter(shares.values())) if len(shares) == 1 else shares
    return summary


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
