from __future__ import annotations

from pathlib import Path

import pytest

from lt4rec_core.config import Ingest
from lt4rec_core.data.raw import gather
from lt4rec_core.data.raw_day import RawDay
from lt4rec_core.errors import InputError

SPLITS = {"train": ("1",), "validation": ("2",), "test": ("3",)}


def days(bad: int = 0, undated: int = 0) -> dict[str, RawDay]:
    """Three days of ten clicks, `bad` of the last one's unparsable."""
    lost = {"clicks": undated} if undated else {}
    read = {"impressions": 10, "clicks": 10}
    return {
        day: RawDay(day, Path(day), 10, {}, {}, read, {"clicks.unparsable": count}, lost)
        for day, count in (("1", 0), ("2", 0), ("3", bad))
    }


def test_days_are_added_up_and_rows_of_no_day_counted_once() -> None:
    log = gather(days(bad=1, undated=2), SPLITS, "logs", Ingest(max_unparsable_share=1.0))
    assert (log.read, log.dropped) == (
        {"clicks": 32, "impressions": 30},
        {"clicks.unparsable": 3},
    )
    assert [day.day for day in log.splits["test"]] == ["3"]


@pytest.mark.parametrize("found", [days(bad=4), days(undated=4)])
def test_too_many_unparsable_rows_of_all_days_are_refused(found: dict[str, RawDay]) -> None:
    gather(found, SPLITS, "logs", Ingest(max_unparsable_share=0.14))
    with pytest.raises(InputError, match=r"logs: 4 of 3\d clicks \(1\d\.\d\d%\) can't be parsed"):
        gather(found, SPLITS, "logs", Ingest(max_unparsable_share=0.1))
