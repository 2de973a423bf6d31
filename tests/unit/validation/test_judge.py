"""What Great Expectations is asked, and what comes back."""

from __future__ import annotations

import math

import pytest

from lt4rec_core.errors import ValidationError
from lt4rec_core.validation.expectation import Expectation, Measure
from lt4rec_core.validation.judge import judge

ASKED = {"made_up": Expectation(about="It holds.", severity="error")}


@pytest.fixture
def failed(tmp_path):
    def failed(*measures: Measure):
        return judge({"made_up": list(measures)}, ASKED, {"made_up": "error"}, tmp_path / "docs")

    return failed


@pytest.mark.parametrize(("seen", "fails"), [(1, False), (2, False), (0.99, True), (2.01, True)])
def test_bounds_are_inclusive(failed, seen, fails):
    assert bool(failed(Measure("c", "d", seen, low=1, high=2))) is fails


@pytest.mark.parametrize("bounds", [{"low": 0}, {"high": 0}, {"low": 0, "high": 1}])
def test_a_number_that_is_none_fails(failed, bounds):
    assert failed(Measure("c", "d", math.nan, **bounds)) == {("made_up", "c", "d")}


def test_only_the_day_out_of_bounds_fails(failed):
    days = [Measure("c", day, seen, high=0) for day, seen in (("a", 0), ("b", 1), ("c", 0))]
    assert failed(*days) == {("made_up", "c", "b")}


def test_what_is_not_measured_does_not_fail(failed):
    assert failed(Measure("c", "d", None), Measure("c", "e", 0, high=0)) == set()


def test_nothing_measured_at_all_does_not_fail(failed):
    assert failed(Measure("c", "d", None)) == set()


def test_one_place_measured_twice_is_refused(failed):
    with pytest.raises(ValidationError, match="twice"):
        failed(Measure("c", "d", 0, high=0), Measure("c", "d", 1, high=0))
