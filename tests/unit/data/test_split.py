from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from lt4rec_core.config import Ingest
from lt4rec_core.data.split import (
    left_out_of,
    split_days,
    split_of_session,
    unseen_days,
)
from lt4rec_core.errors import ConfigError, InputError

DAYS = tuple(f"2022-05-0{day}" for day in range(1, 7))


def test_the_data_date_tests_the_day_before_validates_and_those_before_train() -> None:
    assert split_days(DAYS, "2022-05-05", 2) == {
        "train": ("2022-05-02", "2022-05-03"),
        "validation": ("2022-05-04",),
        "test": ("2022-05-05",),
    }


def test_a_month_has_its_own_length() -> None:
    splits = split_days(("2024-02-28", "2024-02-29", "2024-03-01"), "2024-03-01", 1)
    assert splits["validation"] == ("2024-02-29",)


@pytest.mark.parametrize("missing", ["2022-05-05", "2022-05-04"])
def test_a_missing_test_or_validation_day_is_named(missing: str) -> None:
    days = [day for day in DAYS if day != missing]
    with pytest.raises(InputError, match=rf"{missing}.*is missing.*2022-05-01"):
        split_days(days, "2022-05-05", 2)


def test_too_few_training_days_name_the_first_day_and_what_would_work() -> None:
    with pytest.raises(InputError, match=r"first day present is 2022-05-01.*that works.* is 3"):
        split_days(DAYS, "2022-05-05", 9)


def test_a_gap_in_the_training_days_is_named() -> None:
    days = [day for day in DAYS if day != "2022-05-02"]
    with pytest.raises(InputError, match=r"^2022-05-02 is missing.*that works.* is 1"):
        split_days(days, "2022-05-05", 3)


def test_no_training_day_at_all_asks_for_a_later_date() -> None:
    with pytest.raises(InputError, match="later --data-date"):
        split_days(DAYS, "2022-05-02", 1)


def test_a_source_without_days_says_so() -> None:
    with pytest.raises(InputError, match="no complete day"):
        split_days((), "2022-05-02", 1)


@pytest.mark.parametrize("text", ["2022-13-01", "yesterday", "20220501", ""])
def test_what_is_not_a_day_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="isn't a day"):
        split_days(DAYS, text, 1)


def test_sessions_fall_into_the_splits_by_their_shares() -> None:
    found = Counter(split_of_session(f"session {k}", 0.2, 0.1) for k in range(2000))
    assert found["test"] == pytest.approx(400, abs=80)
    assert found["validation"] == pytest.approx(200, abs=60)


def test_a_session_stays_in_its_split() -> None:
    assert split_of_session("a", 0.2, 0.1) == split_of_session("a", 0.2, 0.1)


def test_days_left_out_leave_gaps_that_no_other_day_fills() -> None:
    splits = split_days(DAYS, "2022-05-06", 3, {"2022-05-05", "2022-05-03"})
    assert splits == {
        "train": ("2022-05-02",),
        "validation": ("2022-05-04",),
        "test": ("2022-05-06",),
    }


def test_a_day_that_will_not_come_can_be_left_out() -> None:
    days = [day for day in DAYS if day != "2022-05-03"]
    with pytest.raises(InputError, match=r"ingest\.exclude_dates leaves out"):
        split_days(days, "2022-05-05", 3)
    assert split_days(days, "2022-05-05", 3, {"2022-05-03"})["train"] == DAYS[:1] + DAYS[1:2]


def test_a_window_of_which_too_little_is_left_is_refused() -> None:
    with pytest.raises(InputError, match="2022-05-03, 2022-05-04 are left out"):
        split_days(DAYS, "2022-05-05", 2, {"2022-05-03", "2022-05-04"})


def test_the_test_day_itself_cannot_be_left_out() -> None:
    with pytest.raises(InputError, match=r"2022-05-05 is left out: ingest\.exclude_dates names it"):
        split_days(DAYS, "2022-05-05", 2, {"2022-05-05"})


def test_settings_and_bad_days_of_the_window_are_left_out_each_with_its_reason() -> None:
    settings = Ingest(train_days=2, exclude_dates=(date(2022, 5, 2), date(2021, 1, 1)))
    stopped = {"2022-05-04": "stopped", "2022-05-05": "of the day itself"}
    assert left_out_of("2022-05-05", settings, stopped) == {
        "2022-05-02": "ingest.exclude_dates names it",
        "2022-05-04": "stopped",
    }


def test_days_that_came_back_are_new_to_the_champion_too() -> None:
    assert unseen_days(DAYS, DAYS[:4], {DAYS[2]}) == (DAYS[2], *DAYS[4:])
    assert unseen_days(DAYS[:4], DAYS[:4], ()) == ()
