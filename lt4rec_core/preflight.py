"""What is wrong with a configuration that no single section can know, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping

from lt4rec_core.config import Config
from lt4rec_core.data.sources.partitions import zone
from lt4rec_core.data.sources.registry import find
from lt4rec_core.errors import ConfigError
from lt4rec_core.metrics import resolve as metric
from lt4rec_core.model.sharing.registry import SHARING
from lt4rec_core.monitoring.registry import severities as monitored
from lt4rec_core.tasks import Task, resolve
from lt4rec_core.training.losses import LOSSES
from lt4rec_core.validation.registry import severities


def check_ready(config: Config) -> None:
    """Looks every name of the configuration up in its registry.

    A typo in the gate's rules would otherwise be told after an hour of training.

    Raises:
        ConfigError: a source, time zone, task, loss, metric, sharing method, expectation or
            check isn't known, or days are to be told apart where there are none.
    """
    dated = find(config.ingest.source).dated
    if config.cluster.fan_out and not dated:
        raise ConfigError(
            f"cluster.fan_out reads each day by a task of its own, and source "
            f"{config.ingest.source!r} has no days; take it off"
        )
    zone(config.ingest.time_zone)
    severities(config.validate.severity)
    monitored(config.monitor.severity)
    _known("model.sharing", config.model.sharing, SHARING)
    tasks = {task.name: task for task in resolve(config.tasks)}
    for task in tasks.values():
        _check_task(task)
    cuts = {cut.name: cut for cut in config.evaluate.slices}
    for rule in config.register.rules:
        _known("register.rules: task", rule.task, tasks)
        metric(rule.metric)
        if rule.slice:
            _known("register.rules: slice", rule.slice.partition("=")[0], cuts)
    for name in config.choose_search.max_gain_drop:
        _known("choose_search.max_gain_drop", name, tasks)
    if config.register.exponents != type(config.register)().exponents:
        for name in config.register.exponents:
            _known("register.exponents", name, tasks)


def check_prunable(config: Config) -> None:
    """Raises ConfigError unless the sharing method has masks, as the training DAG needs."""
    if not SHARING[config.model.sharing].cut:
        masked = sorted(name for name, sharing in SHARING.items() if sharing.cut)
        raise ConfigError(
            f"model.sharing is {config.model.sharing!r}, which has no masks; the training DAG "
            f"prunes and takes one of {masked}. The others can be compared: lt4rec compare"
        )


def check_date(config: Config, data_date: str) -> None:
    """Raises ConfigError unless a source that is split by day has its test day."""
    if find(config.ingest.source).dated and not data_date:
        raise ConfigError(
            f"source {config.ingest.source!r} is split by day and needs the test day: "
            "pass --data-date YYYY-MM-DD"
        )


def check_source(config: Config, source: str) -> None:
    """Raises ConfigError where a run on a cluster wouldn't know its logs."""
    if not (source or config.cluster.source):
        raise ConfigError(
            "neither cluster.source nor --source says where the cluster's tasks find the raw logs; "
            "set one, like s3://bucket/feed"
        )


def check_daily(config: Config) -> None:
    """Raises ConfigError where there can be no daily run that starts from the champion."""
    check_prunable(config)
    if not find(config.ingest.source).dated:
        raise ConfigError(
            f"a daily run needs a source with days, and {config.ingest.source!r} has none; "
            "train with `lt4rec run`"
        )
    if config.joint_train.rewind != "warmup":
        raise ConfigError(
            f"joint_train.rewind is {config.joint_train.rewind!r}, which forgets the champion "
            'that a daily run starts from; set it to "warmup"'
        )


def _check_task(task: Task) -> None:
    _known(f"task {task.name!r}: loss", task.loss, LOSSES)
    if metric(task.metric).needs_groups:
        raise ConfigError(
            f"task {task.name!r} can't select masks and checkpoints by {task.metric}, which "
            "needs users; take a metric of single rows, like auc or mse"
        )


def _known(place: str, name: str, registry: Mapping[str, object]) -> None:
    names = sorted(registry)
    if name not in names:
        raise ConfigError(f"{place} is {name!r}, which isn't known; known are {names}")
