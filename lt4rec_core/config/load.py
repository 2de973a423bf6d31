"""Reads a TOML file into a Config: overrides, nearest known names, digests."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pydantic

from lt4rec_core.config.presets import with_preset
from lt4rec_core.config.root import Config, check
from lt4rec_core.errors import ConfigError

_ADAPTER = pydantic.TypeAdapter(Config)
# Before the host, or as PostgreSQL's drivers take it behind the path.
_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]+@|://[^\s]*[?&]password=", re.IGNORECASE)


def load(path: Path, overrides: Sequence[str] = ()) -> Config:
    """Reads the TOML file at `path`, with `section.key=value` overrides applied in order.

    An entry of an array of tables is named by its `name`: `tasks.ctr.weight=0.5`. Where
    `comparison.world` names a file beside this one, that file's content is put in its place
    first.

    Raises:
        ConfigError: the file is missing or isn't TOML, a key is unknown (the nearest
            known name is given), or a value has the wrong type or range.
    """
    values = _read(path)
    comparison = values.get("comparison")
    if isinstance(comparison, dict) and isinstance(comparison.get("world"), str):
        world = _read(path.parent / comparison["world"])
        comparison["world"] = json.loads(json.dumps(world, default=str))  # TOML's dates as text
    for override in overrides:
        _override(values, override)
    return from_mapping(values)


def from_mapping(values: Mapping[str, Any]) -> Config:
    """Builds a checked Config from plain values, over those of the preset that they name.

    Raises:
        ConfigError: as `load` does, or an address has a password in it.
    """
    refuse_passwords(values)
    try:
        return check(_ADAPTER.validate_python(with_preset(values)))
    except pydantic.ValidationError as error:
        raise ConfigError(_explain(error)) from None


def changed(config: Config, changes: Mapping[str, Any]) -> Config:
    """Returns `config` with each `section.key` of `changes` set; raises as `load` does."""
    values = to_mapping(config)
    for path, value in changes.items():
        _set(values, path, value, path)
    return from_mapping(values)


def refuse_passwords(values: Any, place: str = "") -> None:
    """Raises ConfigError where an address among the values of `place` has a password in it.

    What has the configuration shows it: a compiled pipeline, MLflow, messages.
    """
    if isinstance(values, Mapping):
        for key, value in values.items():
            refuse_passwords(value, f"{place}.{key}".lstrip("."))
    elif isinstance(values, list | tuple):
        for value in values:
            refuse_passwords(value, place)
    elif isinstance(values, str) and _PASSWORD.search(values):
        raise ConfigError(
            f"{place} has a password in its address, and would show it; leave it out: MLflow reads "
            "MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, PostgreSQL PGPASSWORD, and a "
            "cluster's tasks have them from the secrets that [[cluster.secrets]] names"
        )


def value_at(values: Mapping[str, Any], path: str) -> Any:
    """Returns the value of `section.key` in a config's plain values; ConfigError if absent."""
    node: Any = values
    for key in path.split("."):
        if isinstance(node, list):
            node = _named(node, key, path)
        elif isinstance(node, Mapping) and key in node:
            node = node[key]
        else:
            raise ConfigError(f"there is no setting {path!r}: {key!r} isn't known")
    return node


def to_mapping(config: Any) -> dict[str, Any]:
    """Returns a section (or the whole Config) as plain JSON values; `from_mapping` inverts it."""
    plain: dict[str, Any] = pydantic.TypeAdapter(type(config)).dump_python(config, mode="json")
    return plain


def digest(*parts: Any) -> str:
    """SHA-256 (hex) of sections, strings or numbers: the same parts give the same digest."""
    plain = [to_mapping(part) if dataclasses.is_dataclass(part) else part for part in parts]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    try:
        return _parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"no configuration file at {path}") from None
    except (OSError, ValueError) as error:  # TOMLDecodeError, and numbers of 5,000 digits
        raise ConfigError(f"{path} can't be read as TOML: {error}") from error


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _override(values: dict[str, Any], override: str) -> None:
    path, equals, text = override.partition("=")
    if not equals or not all(path.strip().split(".")):
        raise ConfigError(f"override {override!r} isn't of the form section.key=value")
    try:
        value = _parse(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.strip()  # a bare word is a string
    except ValueError as error:
        raise ConfigError(f"override {override[:80]!r} can't be read: {error}") from None
    _set(values, path.strip(), value, override)


def _set(values: dict[str, Any], path: str, value: Any, override: str) -> None:
    keys = path.split(".")
    node: Any = values
    for key in keys[:-1]:
        node = _named(node, key, override) if isinstance(node, list) else node.setdefault(key, {})
        if not isinstance(node, (dict, list)):
            raise ConfigError(f"override {override!r}: {key!r} is a value, not a section")
    if isinstance(node, list):
        raise ConfigError(f"override {override!r} names a whole table, not a key of it")
    node[keys[-1]] = value


def _named(tables: list[dict[str, Any]], name: str, override: str) -> dict[str, Any]:
    for table in tables:
        if isinstance(table, dict) and table.get("name") == name:
            return table
    known = [table.get("name") for table in tables if isinstance(table, dict)]
    raise ConfigError(f"override {override!r}: no entry is named {name!r}; known are {known}")


def _explain(error: pydantic.ValidationError) -> str:
    lines = []
    for detail in error.errors():
        place = ".".join(str(part) for part in detail["loc"])
        if detail["type"] in ("unexpected_keyword_argument", "extra_forbidden"):
            lines.append(f"unknown key {place!r}{_nearest(detail['loc'])}")
        else:
            lines.append(f"{place}: {detail['msg']}, got {detail['input']!r}")
    return "the configuration can't be used:\n  " + "\n  ".join(lines)


def _nearest(place: tuple[int | str, ...]) -> str:
    known = _known_keys(place[:-1])
    matches = difflib.get_close_matches(str(place[-1]), known, n=1, cutoff=0.4)
    return f"; did you mean {matches[0]!r}?" if matches else f"; known keys are {known}"


def _known_keys(place: tuple[int | str, ...]) -> list[str]:
    schema = _schema()
    node: Mapping[str, Any] = schema
    for part in place:
        node = _resolve(schema, node)
        if isinstance(part, int):
            node = node["items"]
        elif part in node.get("properties", {}):
            node = node["properties"][part]
        else:
            node = node["additionalProperties"]
    return sorted(_resolve(schema, node).get("properties", {}))


@functools.cache
def _schema() -> Mapping[str, Any]:
    return _ADAPTER.json_schema()


def _resolve(schema: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in node:
        return node
    resolved: Mapping[str, Any] = schema["$defs"][node["$ref"].rsplit("/", 1)[-1]]
    return resolved
