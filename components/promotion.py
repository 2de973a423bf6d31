"""Who the champion is, changed by hand: promotions and rollbacks, each with its reason.

A change is told by a tag of its own on the version that becomes champion, so that no
writer overwrites another's. It's written before the aliases move, and marked as done
when they have moved and were read back: a change that was killed is finished by the
same command.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import sys
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from components.locks import champion_lock
from components.model_registry import ALIAS, CHAMPION, PREVIOUS, champion_version, model_folder
from components.store import Store, store_errors
from lt4rec_core.data.atomic import sha256_file
from lt4rec_core.errors import ArtifactError, InputError, StoreError
from lt4rec_core.ranking.layout import LAYOUT_FILE
from lt4rec_core.ranking.scorer import Scorer

CHANGE = "lt4rec.champion."
"""Start of the tags that tell of changes; the time and a random end follow."""

_ACCEPTED, _DIGEST = "lt4rec.accepted", "lt4rec.model"
Action = Literal["promote", "rollback"]
Now = Callable[[], datetime.datetime]


def utc_now() -> datetime.datetime:
    """Returns the time, in UTC."""
    return datetime.datetime.now(datetime.UTC)


@dataclass(frozen=True)
class Change:
    """A change of champion: from `former` ("" if there was none) to `version`.

    `done` says that the aliases moved and were read back as they should be.
    """

    action: Action
    version: str
    former: str
    who: str
    reason: str
    time: str
    done: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of a promotion or rollback; `change` is None where there was none to make."""

    model: str
    champion: str
    change: Change | None
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        change = None if self.change is None else dataclasses.asdict(self.change)
        return {**dataclasses.asdict(self), "changed": change is not None, "change": change}


def promote(
    store: Store, name: str, version: str, *, who: str, reason: str, now: Now = utc_now
) -> Outcome:
    """Makes `version` the champion, and the champion the previous one.

    Asked for what is so already, it changes nothing.

    Raises:
        InputError: there is no such version, or it was never evaluated.
        ArtifactError: the version's model isn't what was registered.
        StoreError: the registry failed, or another writer was faster.
    """
    with champion_lock(store.workspace, name, _to_stderr):
        return _move(store, name, "promote", version, who, reason, now)


def rollback(
    store: Store, name: str, to: str = "", *, who: str, reason: str, now: Now = utc_now
) -> Outcome:
    """Makes `to` the champion again, by default the version that was champion before.

    Without `to`, a rollback that was made isn't made twice.

    Raises:
        InputError: there was no champion before; or as `promote`, like all others.
    """
    with champion_lock(store.workspace, name, _to_stderr):
        current = champion_version(store, name)
        made = changes(store, name, current) if current else []
        if not to and made and made[-1].action == "rollback":
            return _finish_killed(store, name, current)
        if not to:
            to = made[-1].former if made else _previous(store, name)
            if not to or to == current:
                raise InputError(
                    f"{name!r} had no champion before {current or 'this'!r} that is known; name a "
                    "version in --to"
                )
        return _move(store, name, "rollback", to, who, reason, now)


def changes(store: Store, name: str, version: str) -> list[Change]:
    """Returns how `version` became champion by hand, the earliest first."""
    tags = read_tags(store, name, version)
    return [change for _, change in _told(tags)]


def _move(
    store: Store, name: str, action: Action, version: str, who: str, reason: str, now: Now
) -> Outcome:
    tags = _check(store, name, version)
    current = champion_version(store, name)
    if current == version:
        return _finish_killed(store, name, version)
    time = now().astimezone(datetime.UTC)
    change = Change(action, version, current, who, reason, time.isoformat(timespec="seconds"))
    key = f"{CHANGE}{time:%Y%m%dT%H%M%S.%f}-{uuid.uuid4().hex[:8]}"
    with store_errors(f"version {version} of {name!r} can't be made champion"):
        _tell(store, name, key, change)
        store.client.set_registered_model_alias(name, CHAMPION, version)
        if current:
            store.client.set_registered_model_alias(name, PREVIOUS, current)
    found = champion_version(store, name)
    if found != version:
        raise StoreError(
            f"version {version} of {name!r} was made champion, and another writer made "
            f"{f'version {found}' if found else 'none'} champion since; both changes are kept as "
            f"tags. Look at `lt4rec history`, and say again which one you want"
        )
    change = dataclasses.replace(change, done=True)
    _tell(store, name, key, change)
    refused = tags[_ACCEPTED] != "true"
    note = f"the gate had refused it: {tags.get('lt4rec.reasons', '')}" if refused else ""
    return Outcome(name, version, change, note)


def _finish_killed(store: Store, name: str, version: str) -> Outcome:
    """Brings to its end what a killed process left of the change to the champion of now."""
    note = f"version {version} is the champion already"
    tags = read_tags(store, name, version)
    for key, change in _told(tags)[-1:]:
        if change.done:
            break
        if change.former:
            with store_errors(f"the alias {PREVIOUS!r} of {name!r} can't be set"):
                store.client.set_registered_model_alias(name, PREVIOUS, change.former)
        _tell(store, name, key, dataclasses.replace(change, done=True))
        note += f"; the {change.action} that was interrupted at {change.time} is finished now"
    return Outcome(name, version, None, note)


def _check(store: Store, name: str, version: str) -> dict[str, str]:
    """Returns the version's tags if it may become champion; raises as `promote`."""
    tags = read_tags(store, name, version)
    if _ACCEPTED not in tags or ALIAS not in tags or _DIGEST not in tags:
        raise InputError(
            f"version {version} of {name!r} was never evaluated: it has no verdict of the gate, or "
            "its registration didn't end; run its day again, or name a version that has one"
        )
    folder = model_folder(store, name, version)
    try:
        seen = sha256_file(folder / LAYOUT_FILE)
        if seen != tags[_DIGEST]:
            raise ArtifactError(
                f"{LAYOUT_FILE} has digest {seen[:12]}, registered was {tags[_DIGEST][:12]}"
            )
        Scorer.load(folder)
    except (ArtifactError, OSError) as error:
        raise ArtifactError(
            f"version {version} of {name!r} can't become champion, its model isn't what was "
            f"registered: {error}; nothing was changed"
        ) from None
    return tags


def read_tags(store: Store, name: str, version: str) -> dict[str, str]:
    """Returns the tags of a version; raises InputError where there is no such version."""
    from mlflow.exceptions import MlflowException

    with store_errors(f"version {version} of the model {name!r} can't be read"):
        try:
            found = store.client.get_model_version(name, version)
            if str(found.version) == version:  # MLflow takes "01" for 1
                return dict(found.tags)
        except MlflowException as error:
            if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
                raise
        known = [int(v.version) for v in store.client.search_model_versions(f"name = '{name}'")]
    there = f"there are {sorted(known)}" if known else "the model has none"
    raise InputError(f"{name!r} has no version {version!r}; {there}")


def _told(tags: Mapping[str, str]) -> list[tuple[str, Change]]:
    """The changes that a version's tags tell of, the earliest first, each with its tag."""
    told = []
    for key in sorted(key for key in tags if key.startswith(CHANGE)):
        try:
            told.append((key, Change(**json.loads(tags[key]))))
        except (ValueError, TypeError) as error:
            raise StoreError(f"the tag {key!r} isn't a change of champion: {error}") from None
    return told


def _previous(store: Store, name: str) -> str:
    with store_errors(f"the aliases of {name!r} can't be read"):
        return str(store.client.get_registered_model(name).aliases.get(PREVIOUS, ""))


def _tell(store: Store, name: str, key: str, change: Change) -> None:
    text = json.dumps(dataclasses.asdict(change))
    with store_errors(f"the change of champion of {name!r} can't be recorded"):
        store.client.set_model_version_tag(name, change.version, key, text)


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201
