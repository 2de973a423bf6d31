from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from lt4rec_core.config import ChooseSearch, Config
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.errors import ArtifactError
from lt4rec_core.stages.choose_search import (
    Choice,
    DayDone,
    choose_search,
    decide,
    drift_of,
    open_choice,
)
from lt4rec_core.tracking import SilentTracker

TODAY = "2026-01-10"
METRICS = {"ctr": "auc", "cvr": "mse"}
NEVER = {"cadence_days": 0, "max_mask_age_days": 0, "max_psi": 0.0}


def done(day: str, searched: str = "2026-01-05", **gain: float) -> DayDone:
    return DayDone(version=day[-2:], data_date=day, searched=searched, gain=gain)


PAST = (done("2026-01-05"), *(done(f"2026-01-0{day}") for day in (6, 7, 8, 9)))


def decided(
    past: tuple[DayDone, ...] = PAST,
    champion: DayDone | None = PAST[-1],
    obstacle: str = "",
    drift: dict[str, float] | None = None,
    **settings: Any,
) -> tuple[bool, str]:
    asked = ChooseSearch(**{**NEVER, **settings})
    return decide(asked, TODAY, champion, obstacle, past, drift or {}, METRICS)


def test_nothing_to_start_from_is_a_search() -> None:
    assert decided(champion=None) == (True, "there is no champion to start from")


def test_an_obstacle_is_a_search_and_is_told() -> None:
    assert decided(obstacle="[model] has changed") == (
        True,
        "version 09 can't be started from: [model] has changed",
    )


def test_nothing_asked_keeps_the_masks() -> None:
    assert decided() == (False, "nothing asks for a search; the last one was 5 days ago")


@pytest.mark.parametrize("cadence, search", [(4, True), (5, True), (6, False), (0, False)])
def test_the_cadence_counts_from_the_last_search(cadence: int, search: bool) -> None:
    assert decided(cadence_days=cadence)[0] is search


def test_a_refused_search_counts_for_the_cadence_and_not_for_the_age() -> None:
    refused = (*PAST[:-1], done("2026-01-09", searched="2026-01-09"))
    kept = {"past": refused, "champion": PAST[-2]}
    assert decided(**kept, cadence_days=3)[0] is False
    assert decided(**kept, max_mask_age_days=4, rest_days=0)[0] is True


@pytest.mark.parametrize("age, search", [(4, True), (5, False), (0, False)])
def test_masks_grow_too_old(age: int, search: bool) -> None:
    assert decided(max_mask_age_days=age)[0] is search


def test_drift_asks_and_names_the_worst_field() -> None:
    search, reason = decided(drift={"user": 0.1, "item": 0.9}, max_psi=0.5)
    assert search
    assert reason == "the ids of item drifted: PSI 0.9, at most 0.5 is allowed"
    assert decided(drift={"item": 0.5}, max_psi=0.5)[0] is False


def test_a_search_rests_before_the_next() -> None:
    search, reason = decided(drift={"item": 0.9}, max_psi=0.5, rest_days=6)
    assert not search
    assert reason.endswith("but the last search was 5 days ago, and the next waits 6")


@pytest.mark.parametrize(
    "gains, search",
    [
        ((0.01, 0.0, 0.0, 0.0), True),
        ((0.01, -0.5, 0.0, 0.009), True),
        ((0.0, 0.0, 0.0, 0.0), False),
        ((0.01, 0.01, 0.0, 0.02), False),
    ],
)
def test_a_gain_fallen_below_that_of_the_searchs_day_asks(
    gains: tuple[float, ...], search: bool
) -> None:
    days = [done(f"2026-01-0{5 + place}", ctr=gain) for place, gain in enumerate(gains)]
    assert decided(tuple(days), days[-1], max_gain_drop={"ctr": 0.005})[0] is search


def test_a_gain_of_too_few_days_says_nothing() -> None:
    days = (done("2026-01-05", ctr=0.5), done("2026-01-06", ctr=0.0), done("2026-01-07", ctr=0.0))
    assert decided(days, days[-1], max_gain_drop={"ctr": 0.005})[0] is False


def test_drift_is_read_from_the_days_own_measures() -> None:
    results = [
        {"expectation": "drift", "day": TODAY, "column": "id.item", "seen": 0.4},
        {"expectation": "drift", "day": "2026-01-09", "column": "id.item", "seen": 0.7},
        {"expectation": "drift", "day": TODAY, "column": "id.user", "seen": None},
        {"expectation": "oov_share", "day": TODAY, "column": "id.user", "seen": 0.9},
    ]
    assert drift_of({"results": results}, TODAY) == {"item": 0.4}


def chosen(
    config: Config,
    dataset: Dataset,
    champion: DayDone | None,
    obstacle: str,
    target: Path,
    learned: tuple[str, ...] = (),
    left_out: tuple[str, ...] = (),
) -> Choice:
    quiet = SilentTracker()
    record = {"results": []}
    known = dataclasses.replace(
        dataset.manifest, splits={"train": learned}, left_out=dict.fromkeys(left_out, "")
    )
    return choose_search(
        config, dataset, champion, obstacle, (), record, target, quiet, known if learned else None
    )


def test_a_choice_is_read_as_it_was_written(
    tiny_config: Config, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    champion = DayDone("3", "2026-01-04", "2026-01-03", {"ctr": 0.1}, {"joint": "runs:/a/b#c"})
    choice = chosen(tiny_config, tiny_dataset, champion, "", tmp_path / "choice")
    assert open_choice(tmp_path / "choice") == choice
    assert (choice.search, choice.searched) == (False, "2026-01-03")


def test_only_days_that_are_new_to_the_champion_are_learned_from(
    tiny_config: Config, tiny_dataset: Dataset, tmp_path: Path
) -> None:
    champion = DayDone("3", "2026-01-04", "2026-01-03")
    first, second, third = tiny_dataset.days("train")
    kept = chosen(tiny_config, tiny_dataset, champion, "", tmp_path / "kept", (first, second))
    anew = chosen(tiny_config, tiny_dataset, champion, "it is gone", tmp_path / "anew")
    assert kept.train_days == (third,)
    assert anew.train_days == (first, second, third)
    assert anew.searched == "2026-01-05"


def test_half_a_choice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "choice.json").write_text('{"search": true}')
    with pytest.raises(ArtifactError, match="isn't a whole choice"):
        open_choice(tmp_path)


@pytest.mark.parametrize(
    ("learned", "left_out", "days"),
    [((0, 2), (1,), (1,)), ((0, 1, 2), (), (2,)), ((0,), (), (1, 2))],
)
def test_a_day_that_came_back_is_learned_from_and_where_none_is_new_the_last_is(
    tiny_config: Config,
    tiny_dataset: Dataset,
    tmp_path: Path,
    learned: tuple[int, ...],
    left_out: tuple[int, ...],
    days: tuple[int, ...],
) -> None:
    train = tiny_dataset.days("train")
    known, gone, expected = (tuple(train[k] for k in ks) for ks in (learned, left_out, days))
    champion = DayDone("3", "2026-01-04", "2026-01-03")
    place = tmp_path / "choice"
    choice = chosen(tiny_config, tiny_dataset, champion, "", place, known, gone)
    assert choice.train_days == expected
