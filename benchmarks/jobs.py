"""`python -m benchmarks.jobs JOB SOURCE TARGET`: one stage in a process of its own.

The job "ingest-again" ingests anew for each line of stdin, as peers do.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from benchmarks.logs import DAYS, configuration
from benchmarks.peers.serve import serve
from lt4rec_core.config import from_mapping
from lt4rec_core.data.dataset import open_dataset
from lt4rec_core.stages.ingest import ingest
from lt4rec_core.stages.validate import validate
from lt4rec_core.tracking import SilentTracker


def main(job: str, source: str, target: str) -> None:
    """Ingests the logs at `source`, or validates the dataset there."""
    config = from_mapping(dict(configuration()))
    if job == "ingest":
        ingest(config, source, DAYS[-1], Path(target), SilentTracker())
    elif job == "ingest-again":

        def again() -> None:
            shutil.rmtree(target, ignore_errors=True)
            ingest(config, source, DAYS[-1], Path(target), SilentTracker())

        serve(again)
    else:
        validate(config, open_dataset(Path(source)), Path(target), SilentTracker())


if __name__ == "__main__":
    main(*sys.argv[1:])
