"""What a step's result depends on, as digests: settings, code and content."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import sys
from pathlib import Path
from typing import Any

from lt4rec_core.config import Config, digest, to_mapping
from lt4rec_core.data.atomic import sha256_file

_NETWORK = ("seed", "threads", "processes", "device", "tasks", "model", "optimizer")

# Which settings each stage reads. What isn't listed can be changed without running
# the stage again; a test watches the stages read nothing else.
STAGE_SECTIONS: dict[str, tuple[str, ...]] = {
    "find_days": ("fields", "tasks", "ingest", "evaluate.slices"),
    "ingest_day": ("fields", "tasks", "ingest", "evaluate.slices"),
    "ingest": ("fields", "tasks", "ingest", "evaluate.slices"),
    "world": ("synthetic", "fields", "tasks", "ingest", "evaluate.slices"),
    "validate_day": ("fields", "tasks", "ingest", "evaluate.slices", "validate"),
    "validate": ("fields", "tasks", "ingest", "evaluate.slices", "validate"),
    "choose_search": ("fields", "tasks", "ingest", "model", "choose_search"),
    "warmup": (*_NETWORK, "warmup"),
    "prune": (*_NETWORK, "prune"),
    "joint_train": (*_NETWORK, "joint_train"),
    "single_task": (*_NETWORK, "single_task"),
    "evaluate": (*_NETWORK, "evaluate"),
    "register": (*_NETWORK, "fields", "ingest", "evaluate", "register"),
}

# Switches that say how a result is come by, not what it is.
_WITHOUT_EFFECT: dict[str, tuple[str, ...]] = {
    "single_task": ("reuse",),
    "ingest": ("s3", "delay_hours", "exclude_dates"),  # which of these matter is looked up
}

_LIBRARIES = ("numpy", "polars", "torch", "great_expectations", "safetensors", "mlflow")
_PACKAGES = ("lt4rec_core", "components")


def stage_settings(config: Config, stage: str) -> dict[str, Any]:
    """Returns the settings of `config` that matter to `stage`, as plain JSON values by name."""
    everything = to_mapping(config)
    settings: dict[str, Any] = {}
    for place in STAGE_SECTIONS[stage]:
        value: Any = everything
        for key in place.split("."):
            value = value[key]
        if isinstance(value, dict):
            without = _WITHOUT_EFFECT.get(place, ())
            value = {key: item for key, item in value.items() if key not in without}
        settings[place] = value
    if "threads" in settings:  # 0 means all cores, and sums are split by their number
        settings["threads"] = config.threads or len(os.sched_getaffinity(0))
    if "processes" in settings:  # of all nodes
        settings["processes"] = config.processes * max(1, config.cluster.train_job.nodes)
    return settings


def step_key(stage: str, task: str, config: Config, inputs: dict[str, str], extra: str = "") -> str:
    """Names a step's result by all it depends on: equal keys mean equal results.

    Args:
        stage: name of the stage; `task` is "" where it isn't run per task.
        task: the task it is run for.
        config: the run's settings, of which those of `stage` count.
        inputs: digests of the input artifacts by role.
        extra: what else the result depends on (the source's fingerprint).
    """
    return digest(stage, task, stage_settings(config, stage), inputs, extra, code_digest())


@functools.cache
def code_digest() -> str:
    """Digest of the project's code and of the libraries that results depend on.

    It is taken where the code runs and not handed in with the pipeline: a cluster's
    image may hold other code than the machine that compiled the pipeline.
    """
    root = Path(__file__).resolve().parent.parent
    files = sorted(path for name in _PACKAGES for path in (root / name).rglob("*.py"))
    hashes = {str(path.relative_to(root)): sha256_file(path) for path in files}
    versions = {name: importlib.metadata.version(name) for name in _LIBRARIES}
    return digest(hashes, versions, sys.version_info[:2])


def tree_digest(folder: Path) -> str:
    """SHA-256 (hex) over the names and contents of all files below `folder`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return digest({path.relative_to(folder).as_posix(): sha256_file(path) for path in files})
