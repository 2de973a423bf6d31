"""Outputs appear whole or not at all: written aside, then renamed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from lt4rec_core.errors import StoreError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FULL_MESSAGES = ("no space left on device", "disk quota exceeded", "file too large")


@contextlib.contextmanager
def folder_aside(target: Path) -> Iterator[Path]:
    """Gives an empty sibling folder of `target`; on success it takes the target's place.

    What a killed process left beside the same target is swept first. An older
    `target` stays in place until the new one is complete.

    Raises:
        StoreError: the disk is full or can't be written; nothing is left behind.
    """
    sweep(target)
    partial = _sibling(target, "partial")
    with _said_plainly(target):
        try:
            _make_parent(target, partial)
            yield partial
            _take_place(partial, target)
        finally:
            _remove(partial)


@contextlib.contextmanager
def file_aside(target: Path) -> Iterator[Path]:
    """Gives the path of a sibling file to write; on success it takes the target's place.

    Raises:
        StoreError: the disk is full or can't be written; nothing is left behind.
    """
    sweep(target)
    partial = _sibling(target, "partial")
    with _said_plainly(target):
        try:
            _make_parent(target, None)
            yield partial
            os.replace(partial, target)  # noqa: PTH105 (one call that also replaces)
        finally:
            _remove(partial)


def sweep(target: Path) -> None:
    """Removes what processes that live no longer left beside `target`."""
    if not target.parent.is_dir():
        return
    for kind in ("partial", "replaced"):
        prefix = f".{target.name}.{kind}-"
        for path in sorted(target.parent.iterdir()):
            if path.name.startswith(prefix) and not _lives(path.name[len(prefix) :]):
                _remove(path)


def sha256_file(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes, read in bounded pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_disk_full(error: BaseException) -> bool:
    """Whether `error`, of whichever library, says that the disk takes no more."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    return any(message in str(error).lower() for message in _FULL_MESSAGES)


@contextlib.contextmanager
def _said_plainly(target: Path) -> Iterator[None]:
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        if not is_disk_full(error):
            raise
        raise StoreError(
            f"the disk took no more while {target} was written ({error}); {_free(target)}; "
            "nothing half-written was left: make room and run again"
        ) from error


def _make_parent(target: Path, folder: Path | None) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if folder is not None:
            folder.mkdir()
    except OSError as error:
        if is_disk_full(error):
            raise
        raise StoreError(
            f"{target} can't be written: {error}; expected a writable folder at {target.parent}"
        ) from error


def _take_place(partial: Path, target: Path) -> None:
    replaced = _sibling(target, "replaced")
    if target.exists() or target.is_symlink():
        target.rename(replaced)
    try:
        partial.rename(target)
    except OSError:
        if replaced.exists():
            replaced.rename(target)
        raise
    _remove(replaced)


def _sibling(target: Path, kind: str) -> Path:
    return target.parent / f".{target.name}.{kind}-{os.getpid()}"


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif os.path.lexists(path):
        path.unlink()


def _lives(pid: str) -> bool:
    """Whether another process of this number runs; our own number is a former process's."""
    if not pid.isdigit() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _free(target: Path) -> str:
    folder = next(parent for parent in target.absolute().parents if parent.is_dir())
    free = shutil.disk_usage(folder).free
    return f"{free / 2**20:,.0f} MiB are free in {folder}"
