from __future__ import annotations

import pytest

from lt4rec_core.comparison.schedule import seconds_left


def test_nothing_is_known_before_the_first_is_done() -> None:
    assert seconds_left({}, ["mmoe"], 2) is None


def test_each_kind_takes_what_it_took() -> None:
    assert seconds_left({"a": [10.0, 20.0], "b": [40.0]}, ["a", "b", "b"], 1) == 95.0


def test_an_unknown_kind_takes_the_average() -> None:
    assert seconds_left({"a": [10.0], "b": [30.0]}, ["c"], 1) == 20.0


def test_processes_share_the_work_but_not_one_job() -> None:
    assert seconds_left({"a": [10.0]}, ["a", "a", "a", "a"], 2) == pytest.approx(20.0)
    assert seconds_left({"a": [10.0]}, ["a"], 2) == pytest.approx(10.0)


def test_nothing_is_left_at_the_end() -> None:
    assert seconds_left({"a": [10.0]}, [], 2) == 0.0
