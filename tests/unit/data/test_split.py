from __future__ import annotations

from collections import Counter

import pytest

from lt4rec_core.data.split import split_days, split_of_session
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
