"""What artifacts are read by: names that stay inside their folder, JSON of bounded size.

An artifact comes from a store that others can write, so that nothing it says is trusted
before it was checked: a name may point anywhere, a document may be endless or nested a
million times. The registered model carries this file along: standard library only.
"""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from lt4rec_core.errors import ArtifactError

MOST_BYTES = 256 << 20
"""The largest document read: the ids of one table of ten million rows take about 200 MB."""

_SEAL = "seal"


def parse_json(text: str | bytes) -> Any:
    """Parses a JSON document.

    Raises:
        ValueError: it isn't JSON (`NaN` and `Infinity` aren't), or is nested too deeply.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def parse_object(text: str | bytes) -> dict[str, Any]:
    """Parses a JSON object; raises ValueError where the document is anything else."""
    found = parse_json(text)
    if not isinstance(found, dict):
        raise ValueError(f"it holds {type(found).__name__}, expected an object")
    return found


def sealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the record with a digest of all else it says, which `unsealed` checks."""
    plain = {key: value for key, value in record.items() if key != _SEAL}
    return {**plain, _SEAL: _digest(plain)}


def unsealed(record: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what was sealed; raises ValueError where a byte of it was changed since."""
    whole = sealed(record)
    if record.get(_SEAL) != whole.pop(_SEAL):
        raise ValueError("it was changed after it was written: its seal is broken")
    return whole


def read_bytes(root: Path, name: str) -> bytes:
    """Reads the document `name` below `root`.

    Raises:
        ArtifactError: as `file_inside`, or it is larger than any that is written.
    """
    path = file_inside(root, name)
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise ArtifactError(f"{path} has {size:,} bytes; at most {MOST_BYTES:,} are read")
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path} can't be read: {error}") from error


def read_object(root: Path, name: str) -> dict[str, Any]:
    """Reads the JSON object `name` below `root`; ArtifactError where it can't be had."""
    content = read_bytes(root, name)
    try:
        return parse_object(content)
    except ValueError as error:
        raise ArtifactError(f"{root / name} isn't a JSON object: {error}; make it anew") from error


def inside(root: Path, name: str) -> Path:
    """Returns the path of `name` below `root`, whether or not there is anything.

    Raises:
        ArtifactError: the name, or a link on its way, leads out of `root`.
    """
    parts = PurePosixPath(name).parts
    plain = bool(parts) and ".." not in parts and not name.startswith("/")
    if not plain or any(character in name for character in "\\\0"):
        raise ArtifactError(f"{name!r} can't name a file below {root}; expected a relative path")
    path = root / name
    try:
        leaves = not path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError, ValueError) as error:  # half of a surrogate pair is no text
        raise ArtifactError(f"{name!r} can't name a file below {root}: {error}") from error
    if leaves:
        raise ArtifactError(f"{path} leads out of {root}; expected a file inside, no link")
    return path


def file_inside(root: Path, name: str) -> Path:
    """Returns the path of the regular file `name` below `root`: a pipe would never end.

    Raises:
        ArtifactError: as `inside`, or there is no such file.
    """
    path = inside(root, name)
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        raise ArtifactError(
            f"{path} is missing ({error.strerror}); expected the folder of a finished artifact"
        ) from error
    if not regular:
        raise ArtifactError(f"{path} isn't a regular file; make it anew")
    return path


def _digest(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} isn't a number")
