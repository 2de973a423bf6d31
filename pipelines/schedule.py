"""The daily DAG's recurring run on a cluster: made, shown, paused, resumed, deleted."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from lt4rec_core.config import Config
from lt4rec_core.errors import ClusterError, ConfigError
from lt4rec_core.preflight import check_daily, check_source
from pipelines.compile import compile_pipeline
from pipelines.kubeflow import Api, open_api

_FIELD = re.compile(r"[0-9A-Za-z*?/,#LW-]+")


def create_schedule(
    config: Config, cron: str, *, name: str = "", replace: bool = False, git_commit: str = ""
) -> dict[str, Any]:
    """Makes the recurring run of the daily DAG; returns it as the `--json` object has it.

    Each run's day follows from the time that it was due. One run at a time; a time that
    passed while the schedule was paused, the cluster down or a run still at work isn't made
    up for, but for the latest. A day that is left out that way is for
    `lt4rec submit --pipeline daily-retraining`.

    Args:
        config: the runs' settings; `cluster` says where they run.
        cron: five fields, or six with the seconds first, in the controller's time zone.
        name: of the schedule, "" for the configuration's name.
        replace: whether one of this name gives way; else it's refused.
        git_commit: commit of the code, "" if unknown.

    Raises:
        ConfigError: the cron expression isn't one, the name is taken, or there can be no
            daily run of the configuration, which must name the logs, too.
        ClusterError: the API can't be reached, or refuses; what was there goes on.
    """
    when, called = _cron(cron), name or config.name
    check_daily(config)
    check_source(config, "")
    with tempfile.TemporaryDirectory() as folder:
        file = compile_pipeline(
            config, Path(folder) / "pipeline.yaml", git_commit, "daily-retraining", scheduled=True
        )
        with open_api(config.cluster.kubeflow) as api:
            former = [found for found in _all(api) if found.display_name == called]
            if former and not replace:
                raise ConfigError(
                    f"there is a schedule {called!r} already; pass --replace, or another --name"
                )
            made = api.client.create_recurring_run(
                api.experiment_id,
                called,
                description=f"LT4REC, configuration {config.name}",
                cron_expression=when,
                max_concurrency=1,
                no_catchup=True,
                pipeline_package_path=str(file),
                service_account=config.cluster.service_account or None,
            )
            for schedule in former:  # only now, so that there's always one
                api.client.delete_recurring_run(schedule.recurring_run_id)
    return _told(made)


def list_schedules(config: Config) -> list[dict[str, Any]]:
    """Returns all schedules of the experiment, as `create_schedule` does; raises likewise."""
    with open_api(config.cluster.kubeflow) as api:
        return [_told(schedule) for schedule in _all(api)]


def change_schedule(
    config: Config, action: Literal["pause", "resume", "delete"], name: str = ""
) -> dict[str, Any]:
    """Pauses, resumes or deletes the schedule of a name, "" for the configuration's.

    Raises:
        ConfigError: there is no such schedule, or more than one.
        ClusterError: the API can't be reached, or refuses.
    """
    with open_api(config.cluster.kubeflow) as api:
        schedule = _one(api, name or config.name)
        call = {
            "pause": api.client.disable_recurring_run,
            "resume": api.client.enable_recurring_run,
            "delete": api.client.delete_recurring_run,
        }[action]
        call(schedule.recurring_run_id)
        if action != "delete":
            schedule = api.client.get_recurring_run(schedule.recurring_run_id)
    return _told(schedule)


def _all(api: Api) -> Iterator[Any]:
    token = ""
    while True:
        page = api.client.list_recurring_runs(
            page_token=token, page_size=100, experiment_id=api.experiment_id
        )
        yield from page.recurring_runs or ()
        token = page.next_page_token
        if not token:
            return


def _one(api: Api, name: str) -> Any:
    every = list(_all(api))
    found = [schedule for schedule in every if schedule.display_name == name]
    if len(found) == 1:
        return found[0]
    if found:
        identities = ", ".join(schedule.recurring_run_id for schedule in found)
        raise ClusterError(
            f"{len(found)} schedules are called {name!r} ({identities}); delete all "
            "but one in Kubeflow's user interface"
        )
    known = sorted({schedule.display_name for schedule in every})
    raise ConfigError(f"there is no schedule {name!r}; known are {known}")


def _cron(text: str) -> str:
    fields = text.split()
    if len(fields) == 5:
        fields.insert(0, "0")
    if len(fields) != 6 or not all(_FIELD.fullmatch(field) for field in fields):
        raise ConfigError(
            f"{text!r} isn't a cron expression; expected five fields (minute, hour, day, month, "
            'weekday) or six with the seconds first, as in "30 4 * * *"'
        )
    return " ".join(fields)


def _told(schedule: Any) -> dict[str, Any]:
    trigger = schedule.trigger
    cron = trigger.cron_schedule.cron if trigger and trigger.cron_schedule else None
    return {
        "id": schedule.recurring_run_id,
        "name": schedule.display_name,
        "cron": cron,
        "status": schedule.status,
        "max_concurrency": int(schedule.max_concurrency or 0),
        "catch_up": not schedule.no_catchup,
        "error": schedule.error.message if schedule.error else None,
    }
