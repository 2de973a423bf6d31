"""Two registered versions side by side: on one day, and by what they were made of."""

from __future__ import annotations

from typing import Any

from components.store import Store
from components.versions import Version, open_version
from lt4rec_core.config import Config, from_mapping
from lt4rec_core.errors import ArtifactError, ConfigError, InputError


def compare_versions(
    store: Store, name: str, a: str, b: str, config: Config | None = None
) -> dict[str, Any]:
    """Returns how version `b` differs from version `a`, as plain JSON values.

    Both are scored on the test day of the newer one, under its configuration, or under
    `config` where that is given. What can't be said has a `why`.

    Raises:
        InputError: a version doesn't exist, or the newer one's dataset isn't here.
        ConfigError: the newer one's run kept no configuration, and none is given.
    """
    from lt4rec_core.versions.difference import (
        changed_settings,
        compare_masks,
        compare_vocabularies,
    )
    from lt4rec_core.versions.quality import judge_versions

    one, other = (open_version(store, name, number) for number in (a, b))
    newer = max(one, other, key=lambda version: (version.data_date, int(version.number)))
    try:
        dataset = newer.open_dataset()
    except ArtifactError as error:
        raise InputError(
            f"the versions are compared on the test day of version {newer.number} "
            f"({newer.data_date}), whose dataset isn't in {store.workspace}: {error}; name the "
            "workspace that it was made in, or run that day here"
        ) from None
    tasks = judge_versions(config or _config(newer), dataset, one.folder, other.folder)
    settings = None
    if one.config is not None and other.config is not None:
        settings = changed_settings(one.config, other.config)
    return {
        "model": name,
        "a": _about(one),
        "b": _about(other),
        "test_days": list(dataset.days("test")),
        "tasks": tasks,
        "masks": _or_why(lambda: compare_masks(one.masks(), other.masks())),
        "settings": settings,
        "data": _data(one, other),
        "vocabulary": compare_vocabularies(one.folder, other.folder),
    }


def _about(version: Version) -> dict[str, Any]:
    tags = version.tags
    return {
        "version": version.number,
        "data_date": version.data_date,
        "accepted": tags.get("lt4rec.accepted") == "true",
        "dataset": version.dataset,
        "git_commit": tags.get("git_commit", ""),
    }


def _config(version: Version) -> Config:
    if version.config is None:
        raise ConfigError(
            f"the run of version {version.number} kept no configuration; give its file in --config"
        )
    try:
        return from_mapping(version.config)
    except ConfigError as error:
        raise ConfigError(
            f"the configuration of version {version.number} isn't one of this release; give a "
            f"file in --config: {error}"
        ) from None


def _data(one: Version, other: Version) -> dict[str, Any]:
    from lt4rec_core.versions.difference import common_days, drift_between, outline

    def manifests() -> dict[str, Any]:
        a, b = one.manifest(), other.manifest()
        return {"a": outline(a), "b": outline(b), "common_train_days": common_days(a, b)}

    drift = _or_why(lambda: drift_between(one.open_dataset(), other.open_dataset()))
    return {**_or_why(manifests), "drift": drift}


def _or_why(found: Any) -> dict[str, Any]:
    try:
        content: dict[str, Any] = found()
    except ArtifactError as error:
        return {"why": str(error)}
    return content
