"""What several processes are to train together: a folder that all of them can read."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lt4rec_core.config import Config, from_mapping, to_mapping
from lt4rec_core.data.dataset import open_dataset, trained_on
from lt4rec_core.tracking import Tracker

_FILE, _JOURNAL = "order.json", "journal.jsonl"


@dataclass(frozen=True)
class Order:
    """A stage to be called with `config`, folders for state and result, and its inputs.

    Attributes:
        folder: where the order lies, and what its processes have to say.
        inputs: the stage's other arguments by name, as texts; see `place`.
    """

    folder: Path
    stage: str
    config: Config
    state: Path
    target: Path
    inputs: Mapping[str, Any]

    @property
    def file(self) -> Path:
        """What a process is started with."""
        return self.folder / _FILE

    @property
    def journal(self) -> Path:
        """Where the first process tells metrics and progress."""
        return self.folder / _JOURNAL

    def run(self, tracker: Tracker) -> None:
        """Calls the stage with its inputs opened."""
        find_stage(self.stage)(
            config=self.config,
            state=self.state,
            target=self.target,
            tracker=tracker,
            **self.opened(),
        )

    def opened(self) -> dict[str, Any]:
        """Returns the stage's inputs by name, as they were when the order was placed."""
        return {name: _opened(name, text) for name, text in self.inputs.items()}


def find_stage(name: str) -> Callable[..., Any]:
    """Returns the core function of a training stage."""
    stage: Callable[..., Any] = getattr(importlib.import_module(f"lt4rec_core.stages.{name}"), name)
    return stage


def place(
    folder: Path, stage: str, config: Config, state: Path, target: Path, inputs: Mapping[str, Any]
) -> Order:
    """Writes an order; datasets and checkpoints are named by their folders, masks are copied."""
    folder.mkdir(parents=True)
    texts = {name: _text(name, value, folder) for name, value in inputs.items()}
    order = Order(folder, stage, config, state, target, texts)
    record = {
        "stage": stage,
        "config": to_mapping(config),
        "state": str(state),
        "target": str(target),
        "inputs": texts,
    }
    order.file.write_text(json.dumps(record), encoding="utf-8")
    return order


def read(file: Path) -> Order:
    """Reads an order that was placed."""
    record = json.loads(file.read_text(encoding="utf-8"))
    return Order(
        file.parent,
        record["stage"],
        from_mapping(record["config"]),
        Path(record["state"]),
        Path(record["target"]),
        record["inputs"],
    )


def _text(name: str, value: Any, folder: Path) -> Any:
    from lt4rec_core.training.checkpoint import save_checkpoint

    if name == "dataset":
        return {"root": str(value.root), "days": list(value.days("train"))}
    if name == "init":
        return None if value is None else str(value.root)
    if name == "masks":
        places = {task: folder / f"mask-{task}" for task in value}
        for task, mask in value.items():
            save_checkpoint(places[task], "mask", mask.tensors, {})
        return {task: str(place) for task, place in places.items()}
    return value


def _opened(name: str, text: Any) -> Any:
    from lt4rec_core.stages.prune import open_mask
    from lt4rec_core.training.checkpoint import open_checkpoint

    if name == "dataset":  # whoever placed the order has compared it with its digests
        return trained_on(open_dataset(Path(text["root"]), verify=False), text["days"])
    if name == "init":
        return None if text is None else open_checkpoint(Path(text), "checkpoint")
    if name == "masks":
        return {task: open_mask(Path(root))[0] for task, root in text.items()}
    return text
