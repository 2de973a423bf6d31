"""The summary of a finished run, put together from what its nodes left in MLflow."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

from components.dataset_step import LATE, LEFT_OUT
from components.reference import Reference
from components.registration_step import read_outcome
from components.store import Store
from lt4rec_core.stages.choose_search import Choice, open_choice


def summarize(store: Store, run_id: str, data_date: str) -> dict[str, Any]:
    """Returns the object that `lt4rec run --json` prints."""
    steps = store.children(run_id)
    folders = {
        node: store.folder(Reference.parse(run.data.tags["lt4rec.reference"]))
        for node, run in steps.items()
        if node in ("evaluate", "register") or node.startswith("prune-")
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


def summarize_day(store: Store, run_id: str, data_date: str) -> dict[str, Any]:
    """Returns the object that `lt4rec retrain --json` prints: a run's, and what made it a day's."""
    choice = read_choice(store, run_id)
    dataset = store.children(run_id)["ingest"].data.tags["lt4rec.reference"]
    started_from = None if choice.champion is None else choice.champion.version
    return {
        **summarize(store, run_id, data_date),
        "search": {"search": choice.search, "reason": choice.reason, "searched": choice.searched},
        "started_from": started_from,
        "dataset": Reference.parse(dataset).digest,
        "train_days": list(choice.train_days),
        "late": _tag(store, run_id, LATE),
        "left_out": _tag(store, run_id, LEFT_OUT),
    }


def read_choice(store: Store, run_id: str) -> Choice:
    """Returns what a daily run's node choose-search chose."""
    reference = store.children(run_id)["choose-search"].data.tags["lt4rec.reference"]
    return open_choice(store.folder(Reference.parse(reference)))


def _tag(store: Store, run_id: str, name: str) -> Any:
    return json.loads(store.tags(run_id).get(name, "{}"))


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
