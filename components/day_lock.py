"""Days of a model are run one after the other: each starts from what the one before left."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from lt4rec_core.errors import StoreError


@contextmanager
def day_lock(
    workspace: Path, model: str, data_date: str, show: Callable[[str], None]
) -> Iterator[None]:
    """Holds the workspace's lock of a model, waiting for whoever else has it.

    The system frees the lock when its holder ends, however it ends: a killed run leaves
    nothing to clear up.

    Args:
        workspace: folder of everything that is made.
        model: name of the registered model.
        data_date: the day that is run, told to whoever waits.
        show: hears who is waited for.

    Raises:
        StoreError: the workspace can't be written, or its file system has no locks.
    """
    path = workspace.expanduser().resolve() / "locks" / f"daily-{quote(model, safe='')}"
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
            show(f"[retrain] {data_date} waits: {_holder(path)} holds {path}")
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:
            if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP):
                raise
            raise StoreError(
                f"{path} can't be locked ({error.strerror}): two runs of a day could meet; "
                "put the workspace on a file system with locks"
            ) from error
        file.truncate(0)
        holder = {"process": os.getpid(), "host": socket.gethostname(), "data_date": data_date}
        file.write(json.dumps(holder))
        file.flush()
        yield


def _holder(path: Path) -> str:
    with suppress(OSError, ValueError, KeyError):
        said = json.loads(path.read_text(encoding="utf-8"))
        return f"process {said['process']} on {said['host']}, at work on {said['data_date']},"
    return "another run"
