"""The whole configuration, and the checks that need more than one section."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from lt4rec_core.config.cluster import Cluster
from lt4rec_core.config.comparison import Comparison
from lt4rec_core.config.data import Events, FeatureField, Ingest, Synthetic, Validate
from lt4rec_core.config.method import (
    ChooseSearch,
    JointTrain,
    Model,
    Optimizer,
    Prune,
    SingleTask,
    TaskSettings,
    Warmup,
)
from lt4rec_core.config.monitor import Monitor
from lt4rec_core.config.operation import Evaluate, Register, Tracking
from lt4rec_core.config.section import section
from lt4rec_core.errors import ConfigError

_NAME = re.compile(r"\w[\w. -]*")
_MOST_BYTES = 200  # a name of a file takes 255


@section
class Config:
    """One run's settings; a section named after a stage belongs to that stage.

    `threads = 0` uses every core. `processes` of a machine train each stage together, with
    `threads` each, and share its batches. Digests of results depend on `seed`, `threads` and,
    in their last digits, `processes`. `preset` names the settings that hold where nothing else
    is said: the paper's, or the "best" known (`lt4rec_core.config.presets`).
    """

    name: str = "lt4rec"
    seed: int = Field(default=0, ge=0, lt=1 << 63)
    threads: int = Field(default=0, ge=0)
    processes: int = Field(default=1, ge=1)
    device: str = "cpu"
    preset: Literal["paper", "best"] = "paper"
    fields: tuple[FeatureField, ...] = ()
    tasks: tuple[TaskSettings, ...] = (TaskSettings(name="ctr"), TaskSettings(name="cvr"))
    synthetic: Synthetic = Field(default_factory=Synthetic)
    ingest: Ingest = Field(default_factory=Ingest)
    validate: Validate = Field(default_factory=Validate)
    choose_search: ChooseSearch = Field(default_factory=ChooseSearch)
    model: Model = Field(default_factory=Model)
    optimizer: Optimizer = Field(default_factory=Optimizer)
    warmup: Warmup = Field(default_factory=Warmup)
    prune: Prune = Field(default_factory=Prune)
    joint_train: JointTrain = Field(default_factory=JointTrain)
    single_task: SingleTask = Field(default_factory=SingleTask)
    evaluate: Evaluate = Field(default_factory=Evaluate)
    register: Register = Field(default_factory=Register)
    monitor: Monitor = Field(default_factory=Monitor)
    comparison: Comparison = Field(default_factory=Comparison)
    tracking: Tracking = Field(default_factory=Tracking)
    cluster: Cluster = Field(default_factory=Cluster)


def fanned_out(config: Config) -> range:
    """Says of the days that have tasks of their own how far before the test day each lies."""
    return range(config.ingest.train_days + 2 if config.cluster.fan_out else 0)


def check(config: Config) -> Config:
    """Returns `config`, or raises ConfigError where sections contradict each other."""
    if not config.fields:
        raise ConfigError("the configuration declares no [[fields]]; expected at least one")
    _refuse_repeats("fields", (field.name for field in config.fields))
    _refuse_repeats("tasks", (task.name for task in config.tasks))
    _refuse_repeats("comparison.worlds", (world.name for world in config.comparison.worlds))
    if not config.tasks:
        raise ConfigError("the configuration declares no [[tasks]]; expected at least one")
    unknown = sorted(set(config.prune.final_density_of) - {task.name for task in config.tasks})
    if unknown:
        raise ConfigError(
            f"[prune] final_density_of names {unknown}, which the run doesn't have; "
            f"its tasks are {[task.name for task in config.tasks]}"
        )
    _refuse_repeats("comparison.variants", (v.name for v in config.comparison.variants))
    _refuse_unsafe_names(config)
    _refuse_repeats("evaluate.slices", (cut.name for cut in config.evaluate.slices))
    _refuse_mixed_tables(config.fields)
    _refuse_meeting_streams(config.ingest.events)
    tables = {field.table_name for field in config.fields if field.kind == "categorical"}
    unknown = sorted(set(config.ingest.tables) - tables)
    if unknown:
        raise ConfigError(
            f"[ingest.tables] names {unknown}, which no categorical field looks up; "
            f"known tables are {sorted(tables)}"
        )
    return config


def _refuse_repeats(section_name: str, names: Iterable[str]) -> None:
    repeated = sorted(name for name, count in Counter(names).items() if count > 1)
    if repeated:
        raise ConfigError(f"[[{section_name}]] has the name {repeated[0]!r} more than once")


def _refuse_unsafe_names(config: Config) -> None:
    """What names a file, a folder, a DAG node or a model is plain: it leads nowhere else."""
    named = {
        "[[fields]]": [name for field in config.fields for name in (field.name, field.table_name)],
        "[[tasks]]": [task.name for task in config.tasks],
        "[[evaluate.slices]]": [cut.name for cut in config.evaluate.slices],
        "register.model_name": [config.register.model_name],
        "tracking.experiment": [config.tracking.experiment],
    }
    for place, names in named.items():
        for name in names:
            if not _NAME.fullmatch(name) or len(name.encode()) > _MOST_BYTES:
                raise ConfigError(
                    f"{place} has the name {name!r}; expected up to 200 bytes of letters, digits, "
                    "`_`, `.`, `-` and spaces, the first a letter or digit (the source's columns "
                    "may have any name: set `column`)"
                )
    if "." in config.register.model_name:
        raise ConfigError(
            f"register.model_name is {config.register.model_name!r}, and MLflow takes no `.` in "
            "a model's name; write `-` or `_` instead"
        )
    if any(task.name == "overlap" for task in config.tasks):
        raise ConfigError(
            "[[tasks]] has the name 'overlap', which stands beside the tasks' masks in a "
            "run's summary; give the task another name"
        )


def _refuse_meeting_streams(events: Events) -> None:
    streams = (events.impressions, events.clicks, events.plays)
    if len(set(streams)) < len(streams):
        raise ConfigError(
            f"ingest.events has the streams {list(streams)}; expected three folders, each of "
            "its own"
        )
    _refuse_repeats("ingest.events.outcomes", events.outcomes)
    taken = sorted({"click", "watch_ratio"} & set(events.outcomes))
    if taken:
        raise ConfigError(
            f"ingest.events.outcomes names {taken[0]!r}, a label that is made of the clicks and "
            "plays; give the log's column another name"
        )


def _refuse_mixed_tables(fields: tuple[FeatureField, ...]) -> None:
    kinds: dict[str, str] = {}
    for field in fields:
        if field.kind == "numeric" and field.values == "multi":
            raise ConfigError(f"field {field.name!r} is numeric and multi-valued; pick one")
        if field.kind == "categorical" and field.boundaries:
            raise ConfigError(
                f'field {field.name!r} has boundaries and is categorical; set kind = "numeric", '
                "or leave them out"
            )
        if list(field.boundaries) != sorted(set(field.boundaries)):
            raise ConfigError(f"field {field.name!r}: boundaries must rise strictly")
        seen = kinds.setdefault(field.table_name, field.kind)
        if seen != field.kind or (seen == "numeric" and field.table_name != field.name):
            raise ConfigError(
                f"field {field.name!r}: table {field.table_name!r} can't be shared between "
                "numeric fields or by a numeric and a categorical one; give it a table of its own"
            )
