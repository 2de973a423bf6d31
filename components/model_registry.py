"""Versions and aliases of the ranking model in MLflow's model registry.

The order of operations keeps a champion at every moment: the former one is named
`previous` before `champion` moves. Each is safe to repeat, and a version whose aliases
were set carries the tag `lt4rec.alias`, so a repeated registration of an old run moves
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from components.store import Store, local_path, store_errors
from components.version_tags import MODEL, version_tags
from lt4rec_core.artifact import file_inside
from lt4rec_core.data.atomic import folder_aside, sha256_file
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.errors import ArtifactError, StoreError
from lt4rec_core.ranking.layout import LAYOUT_FILE

if TYPE_CHECKING:
    from lt4rec_core.stages.register import Registration

CHAMPION, PREVIOUS, CHALLENGER = "champion", "previous", "challenger"
KEY, ALIAS = "lt4rec.key", "lt4rec.alias"
ABSENT = frozenset(("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "PERMISSION_DENIED"))
"""What MLflow says of what isn't there; the last, to who may see only what they made."""


@dataclass(frozen=True)
class RegisteredModel:
    """A version in the registry, and the alias that the gate gave it."""

    name: str
    version: str
    alias: str

    @property
    def uri(self) -> str:
        """The MLflow URI of the version."""
        return f"models:/{self.name}/{self.version}"


@dataclass(frozen=True)
class CurrentChampion:
    """The champion's version and the local folder of its ranking model."""

    version: str
    folder: Path

    @property
    def name(self) -> str:
        """How the gate's reasons call it."""
        return f"champion (version {self.version})"


def champion_version(store: Store, name: str, key: str = "") -> str:
    """Returns the champion's version, "" if there is none.

    A version registered under `key` doesn't count: a registration that is repeated
    because it was killed is held against the champion that it met at first.

    Raises:
        StoreError: the registry can't be read.
    """
    for alias in (CHAMPION, PREVIOUS):
        version = _by_alias(store, name, alias)
        if version is not None and (not key or version.tags.get(KEY) != key):
            return str(version.version)
        if version is None:
            return ""
    return ""


def load_version(store: Store, name: str, version: str) -> CurrentChampion | None:
    """Returns a version, fetched from a remote store; None where `version` is "".

    Raises:
        StoreError: the registry or its artifacts can't be read.
        ArtifactError: the model isn't the one that was registered.
    """
    if not version:
        return None
    with store_errors(f"version {version} of the model {name!r} can't be read"):
        expected = store.client.get_model_version(name, version).tags.get(MODEL, "")
    folder = model_folder(store, name, version)
    if sha256_file(file_inside(folder, LAYOUT_FILE)) != expected:
        raise ArtifactError(
            f"version {version} of the model {name!r} in {folder} isn't the one registered (digest "
            f"{expected[:12]}): it was damaged or exchanged; roll back, or restore it"
        )
    return CurrentChampion(version, folder)


def model_folder(store: Store, name: str, version: str) -> Path:
    """Returns the local folder of a version's ranking model, fetched from a remote store.

    Raises:
        StoreError: the registry or its artifacts can't be read.
    """
    with store_errors(f"version {version} of the model {name!r} can't be read"):
        root = str(store.client.get_model_version_download_uri(name, version))
        if root.startswith("models:/"):
            root = store.client.get_logged_model(root.removeprefix("models:/")).artifact_location
    local = local_path(root)
    if local is None:
        local = _fetch(store, name, version, root)
    return _ranking_folder(local)


def find_registered(store: Store, name: str, key: str) -> RegisteredModel | None:
    """Returns the version registered under `key` if its registration was finished."""
    version = _by_key(store, name, key)
    if version is None or ALIAS not in version.tags:
        return None
    return RegisteredModel(name, str(version.version), version.tags[ALIAS])


def register_model(
    store: Store,
    run_id: str,
    name: str,
    registration: Registration,
    dataset: Dataset,
    key: str,
    tags: Mapping[str, str],
    scratch: Path,
    champion: str,
) -> RegisteredModel:
    """Registers the ranking model once and gives it the alias that the gate decided.

    Args:
        store: the open MLflow store.
        run_id: the run that the version comes from.
        name: name of the registered model.
        registration: the exported model and the gate's verdict.
        dataset: gives the input example.
        key: names this registration; the same key never makes a second version.
        tags: further tags of the version (config digest, git commit).
        scratch: folder for temporary files.
        champion: the version that was champion when the gate judged, "" for none.

    Raises:
        StoreError: the registry can't be written, or there's another champion by now.
    """
    finished = find_registered(store, name, key)
    if finished is not None:
        return finished
    alias = CHAMPION if registration.decision.accepted else CHALLENGER
    if _serves_a_later_day(store, name, registration.data_date or ""):
        alias = CHALLENGER
    every_tag = {**version_tags(registration), **tags, KEY: key}
    with store_errors(f"the model {name!r} can't be registered"):
        version = _by_key(store, name, key)
        if version is None:
            _ensure_name(store, name)
            model = _log_model(store, run_id, name, registration, dataset, key, scratch)
            version = store.client.create_model_version(
                name,
                model.artifact_location,  # models:/<id> is looked up in the global store
                run_id,
                tags=every_tag,
                description="\n".join(registration.decision.reasons),
                model_id=model.model_id,
            )
            version = _first_of(store, name, key, version)
        else:
            for tag, value in every_tag.items():
                store.client.set_model_version_tag(name, version.version, tag, value)
        _place(store, name, str(version.version), alias, champion)
        store.client.set_model_version_tag(name, version.version, ALIAS, alias)
    return RegisteredModel(name, str(version.version), alias)


def _log_model(
    store: Store,
    run_id: str,
    name: str,
    registration: Registration,
    dataset: Dataset,
    key: str,
    scratch: Path,
) -> Any:
    """Stores the packed model as an output of the run; a killed try's whole one is reused."""
    from mlflow.entities import LoggedModelOutput

    from components.model_package import pack

    client, model = store.client, None
    for old in client.search_logged_models([store.experiment_id], f"tags.`{KEY}` = '{key}'"):
        if old.status == "READY":
            model = old
        else:
            client.delete_logged_model(old.model_id)
    if model is None:
        model = client.create_logged_model(
            store.experiment_id,
            name=name,
            source_run_id=run_id,
            tags={KEY: key},
            model_type="ranking",
        )
        with folder_aside(scratch / "packed") as folder:
            target = folder / "model"
            pack(registration.model, dataset, folder, target, model.model_id, run_id)
            client.log_model_artifacts(model.model_id, str(target))
        client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run_id, models=[LoggedModelOutput(model.model_id, step=0)])
    return model


def _serves_a_later_day(store: Store, name: str, data_date: str) -> bool:
    """Whether the champion comes of a later day: a day that is run again doesn't replace it."""
    champion = _by_alias(store, name, CHAMPION)
    return champion is not None and champion.tags.get("lt4rec.data_date", "") > data_date > ""


def _place(store: Store, name: str, version: str, alias: str, judged: str) -> None:
    """Sets the alias; a champion only where the champion is still the one of the judgement."""
    if alias == CHAMPION:
        former = champion_version(store, name)
        if former not in (judged, version):
            made = store.client.get_model_version(name, version)
            if not made.aliases and ALIAS not in made.tags:  # nor has another writer placed it
                store.client.delete_model_version(name, version)
            raise StoreError(
                f"{name!r} has the champion {former or 'none'} now; when the new model was judged "
                f"it was {judged or 'none'}: run again, and it's judged anew"
            )
        if former not in ("", version):
            _set_alias(store, name, PREVIOUS, former)
    _set_alias(store, name, alias, version)


def _set_alias(store: Store, name: str, alias: str, version: str) -> None:
    """Sets an alias; of two writers who set a new one at once, MLflow refuses the second."""
    from mlflow.exceptions import MlflowException

    try:
        store.client.set_registered_model_alias(name, alias, version)
    except MlflowException as error:
        if error.error_code != "BAD_REQUEST":
            raise
        store.client.set_registered_model_alias(name, alias, version)


def _by_alias(store: Store, name: str, alias: str) -> Any | None:
    from mlflow.exceptions import MlflowException

    with store_errors(f"the alias {alias!r} of the model {name!r} can't be read"):
        try:
            return store.client.get_model_version_by_alias(name, alias)
        except MlflowException as error:
            if error.error_code in ABSENT:
                return None
            raise


def _by_key(store: Store, name: str, key: str) -> Any | None:
    condition = f"name = '{name}' and tags.`{KEY}` = '{key}'"
    with store_errors(f"versions of the model {name!r} can't be searched"):
        found = store.client.search_model_versions(condition)
    return min(found, key=lambda version: int(version.version), default=None)


def _first_of(store: Store, name: str, key: str, made: Any) -> Any:
    """The version of the key; one that another writer was quicker to make takes ours' place."""
    first = _by_key(store, name, key) or made
    if str(first.version) != str(made.version):
        store.client.delete_model_version(name, made.version)
    return first


def _ensure_name(store: Store, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        store.client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _fetch(store: Store, name: str, version: str, root: str) -> Path:
    from mlflow.artifacts import download_artifacts

    folder = store.workspace / "downloads" / f"{quote(name, safe='')}-{version}"
    if not folder.is_dir():
        with (
            folder_aside(folder) as partial,
            store_errors(f"version {version} of the model {name!r} can't be fetched"),
        ):
            download_artifacts(root, dst_path=str(partial), tracking_uri=store.uri)
    return folder


def _ranking_folder(model: Path) -> Path:
    """The ranking model inside a stored MLflow model."""
    inside = sorted(path.parent for path in model.rglob(LAYOUT_FILE))
    return inside[0] if inside else model / "artifacts"
