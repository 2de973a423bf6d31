from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import resource, sys
from pathlib import Path
import polars as pl
from lt4rec_core.data.atomic import folder_aside
from lt4rec_core.errors import StoreError

resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    with folder_aside(Path(sys.argv[1])) as folder:
        rows = pl.LazyFrame({"x": range(100_000)}).with_columns(y=pl.col("x").hash())
        rows.sink_parquet(folder / "rows.parquet")
except StoreError as error:
    sys.exit(str(error))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_disk_that_takes_no_more_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    target = tmp_path / "target"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(target)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"the disk took no more while {target} was written" in done.stderr
    assert list(tmp_path.iterdir()) == []
