"""One of the processes that train a stage together: `torchrun … -m components.worker ORDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from components.failures import Failure, read_failure, write_failure
from components.lifeline import die_with_runner
from components.order import read
from lt4rec_core.errors import LT4RECError, WorkerError
from lt4rec_core.tracking import JsonLinesTracker, SilentTracker

NAME = "worker"


def main(file: Path) -> None:
    """Joins the others and runs the order; an error raised on purpose is left beside it.

    Raises:
        SystemExit: the stage stopped, or another process did.
    """
    die_with_runner()
    order = read(file)
    from lt4rec_core.training.parallel import joined

    try:
        with joined(order.config.device) as world:
            order.run(JsonLinesTracker(order.journal) if world.first else SilentTracker())
    except LT4RECError as error:
        # That another one is gone is heard after that one said why.
        if not (isinstance(error, WorkerError) and read_failure(order.folder, NAME)):
            failure = Failure(order.stage, type(error).__name__, str(error), error.exit_code)
            write_failure(order.folder, NAME, failure)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
