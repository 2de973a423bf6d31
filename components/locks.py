"""Locks between processes: files of the workspace that the system holds and frees."""

from __future__ import annotations

import errno
import fcntl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO
from urllib.parse import quote

from lt4rec_core.errors import StoreError


@contextmanager
def locked(path: Path, waits: Callable[[], None]) -> Iterator[TextIO]:
    """Holds the lock `path` and gives its file; calls `waits` first where another has it.

    The system frees the lock when its holder ends, however it ends: a killed run leaves
    nothing to clear up.

    Raises:
        StoreError: the workspace can't be written, or its file system has no locks.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreError(
            f"{path} can't be written ({error.strerror}); name a --workspace that can be"
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waits()
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP):
                raise
            raise StoreError(
                f"{path} can't be locked ({error.strerror}): two runs could meet; put the "
                "workspace on a file system with locks"
            ) from error
        yield file


@contextmanager
def champion_lock(workspace: Path, model: str, show: Callable[[str], None]) -> Iterator[None]:
    """Lets those who look at a model's champion to change it do so one after the other.

    `show` hears that another is waited for; raises as `locked`.
    """
    path = workspace / "locks" / f"champion-{quote(model, safe='')}"
    with locked(path, lambda: show(f"waits: another process decides on the champion of {model}")):
        yield
