"""Days of a model are run one after the other: each starts from what the one before left."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from components.locks import locked


@contextmanager
def day_lock(
    workspace: Path, model: str, data_date: str, show: Callable[[str], None]
) -> Iterator[None]:
    """Holds the workspace's lock of a model, waiting for whoever else has it.

    Args:
        workspace: folder of everything that is made.
        model: name of the registered model.
        data_date: the day that is run, told to whoever waits.
        show: hears who is waited for.

    Raises:
        StoreError: the workspace can't be written, or its file system has no locks.
    """
    path = workspace.expanduser().resolve() / "locks" / f"daily-{quote(model, safe='')}"

    def waits() -> None:
        show(f"[retrain] {data_date} waits: {_holder(path)} holds {path}")

    with locked(path, waits) as file:
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
