"""What the registry says of the days that were run: one version a day, with its origin."""

from __future__ import annotations

import json
from typing import Any

from components.model_registry import ABSENT, ALIAS, CHAMPION
from components.store import Store, store_errors
from lt4rec_core.errors import StoreError
from lt4rec_core.stages.choose_search import DayDone

DATA_DATE, ACCEPTED = "lt4rec.data_date", "lt4rec.accepted"
SEARCHED, GAIN, MADE_OF = "lt4rec.searched", "lt4rec.mtl_gain", "lt4rec.made_of"
STARTED_FROM = "lt4rec.started_from"
"""Tag of a version: the version that its run started from, "none" if it had none."""
NONE = "none"


def days_done(store: Store, name: str, before: str = "9999") -> list[DayDone]:
    """Returns the newest version of each day before the day `before`, in order of the days."""
    newest: dict[str, Any] = {}
    for version in _versions(store, name):
        day = version.tags.get(DATA_DATE, "")
        if day and day < before:
            newest[day] = version
    return [_day_done(newest[day]) for day in sorted(newest)]


def champion_as_of(store: Store, name: str, data_date: str) -> DayDone | None:
    """Returns the version that the run of a day starts from, None if there is none.

    It is the champion, unless this comes of that day or a later one. A day that is run
    again starts from where it started before: what came of it can't be its own origin.

    Raises:
        StoreError: the registry can't be read.
    """
    versions = _versions(store, name)
    before = [version for version in versions if "" < version.tags.get(DATA_DATE, "") < data_date]
    by_number = {str(version.version): version for version in before}
    for version in reversed(versions):
        if version.tags.get(DATA_DATE) == data_date and STARTED_FROM in version.tags:
            origin = version.tags[STARTED_FROM]
            return _day_done(by_number[origin]) if origin in by_number else None
    champion = str(_aliases(store, name).get(CHAMPION, ""))
    if champion in by_number:
        return _day_done(by_number[champion])
    earlier = [version for version in before if version.tags[ALIAS] == CHAMPION]
    last = max(earlier, key=lambda v: (v.tags[DATA_DATE], int(v.version)), default=None)
    return None if last is None else _day_done(last)


def day_done(store: Store, name: str, version: str) -> DayDone:
    """Returns what the registry says of one version; raises StoreError where it's gone."""
    for known in _versions(store, name):
        if str(known.version) == version:
            return _day_done(known)
    raise StoreError(f"version {version} of the model {name!r} is gone from the registry")


def _day_done(version: Any) -> DayDone:
    tags = version.tags
    return DayDone(
        version=str(version.version),
        data_date=tags[DATA_DATE],
        searched=tags.get(SEARCHED, tags[DATA_DATE]),
        gain=json.loads(tags.get(GAIN, "{}")),
        made_of=json.loads(tags.get(MADE_OF, "{}")),
    )


def _versions(store: Store, name: str) -> list[Any]:
    """Returns the versions whose registration was finished, in order of their numbers."""
    with store_errors(f"versions of the model {name!r} can't be searched"):
        found = store.client.search_model_versions(f"name = '{name}'")
    finished = [version for version in found if ALIAS in version.tags]
    return sorted(finished, key=lambda version: int(version.version))


def _aliases(store: Store, name: str) -> dict[str, str]:
    from mlflow.exceptions import MlflowException

    with store_errors(f"the model {name!r} can't be read"):
        try:
            return dict(store.client.get_registered_model(name).aliases)
        except MlflowException as error:
            if error.error_code in ABSENT:
                return {}
            raise
