"""The sections of a comparison's report beside the tables of arms."""

from __future__ import annotations

import copy
import re
from typing import Any
from xml.etree import ElementTree

import pytest

from lt4rec_core.report.figure import standalone
from lt4rec_core.report.sections import curve, masks, sharing, worlds
from lt4rec_core.report.sections.registry import SECTIONS
from lt4rec_core.report.sections.section import Absent, Figure, Section, Table


def point(number: int, mean: float) -> dict[str, Any]:
    interval = {"mean": mean, "spread": 0.01, "low": mean - 0.02, "high": mean + 0.02}
    gain = {"mean": 0.01 * number, "low": -0.1, "high": 0.1}
    return {"round": number, "density": 1 / (1 + number), **interval, "against_dense": gain}


def group(both: float, only: float) -> dict[str, Any]:
    rest = 1 - both - only
    taken = {"mean": both / (both + only), "spread": 0.01, "chance": 0.5}
    return {
        "shares": {"ctr/cvr": {"mean": both}, "ctr": {"mean": only}, "": {"mean": rest}},
        "taken": {"ctr": {"cvr": taken}, "cvr": {"ctr": None}},
    }


def world(conflict: float, part: dict[str, Any]) -> dict[str, Any]:
    return {
        "conflict": conflict,
        "group": "all",
        "set": {},
        "test_days": ["2026-01-05"],
        "seeds": [0, 1],
        "confidence": 0.95,
        "replicates": 10,
        "arms": {"connection_share": {"chosen": {}}},
        "parts": {"all": part},
    }


def line(*means: float, low: float, high: float) -> dict[str, Any]:
    points = [
        {
            "world": f"w{place}",
            "conflict": place / 2,
            "apart": place,
            "mean": mean,
            "by_seed": {"0": mean},
        }
        for place, mean in enumerate(means)
    ]
    slope = {"mean": (low + high) / 2, "low": low, "high": high}
    return {"points": points, "slope": slope}


@pytest.fixture
def summary() -> dict[str, Any]:
    arm = {"values": [0.7, 0.72], "mean": 0.71}
    judged = {"metric": "auc", "rows": 9, "users": 3, "arms": {"connection_share": arm}}
    part = {"ctr": {**judged, "versus": {}, "trivial": {"mean": 0.5}, "undefined": {}}}
    fields = {"user": group(0.1, 0.3), "item": group(0.3, 0.1)}
    crossings = {
        "user × user": group(0.2, 0.2),
        "user × item": group(0.3, 0.1),
        "item × item": group(0.1, 0.3),
    }
    layers = {"output.weight": group(0.2, 0.1), "over.0.weight": group(0.2, 0.2)}
    found = {"layers": layers, "fields": fields, "crossings": crossings}
    return {
        "confidence": 0.95,
        "seeds": [0, 1],
        "tasks": {"ctr": "auc", "cvr": "mse"},
        "arms": {
            "connection_share": {
                "masks": [{"ctr": {"density": 0.4}}],
                "overlap": [{"ctr/cvr": 0.3}],
            }
        },
        "curve": {
            "connection_share": {
                task: {"metric": m, "chosen": [1, 2], "points": [point(r, 0.7) for r in range(3)]}
                for task, m in (("ctr", "auc"), ("cvr", "mse"))
            }
        },
        "sharing": {"connection_share": found},
        "worlds": {"w1": world(0.5, part), "w0": world(0.0, part)},
        "conflict": {
            "all": {
                "overlap": {"ctr/cvr": line(0.8, 0.6, low=-0.5, high=-0.3)},
                "beyond_chance": {"ctr/cvr": line(0.4, 0.3, low=-0.2, high=0.1)},
                "gain": {"ctr": line(0.01, 0.01, low=-0.1, high=0.1)},
            }
        },
    }


def tables_of(made: Section | Absent) -> list[Table]:
    assert isinstance(made, Section)
    return [part for part in made.parts if isinstance(part, Table)]


def test_fields_stand_in_the_order_of_what_is_taken_over(summary: dict[str, Any]) -> None:
    by_field, by_crossing = tables_of(sharing.section(summary))
    assert [row[0] for row in by_field.rows] == ["item", "user"]
    assert by_field.rows[0][1:] == (
        *("10.0 %", "0.0 %", "30.0 %", "60.0 %"),
        *("75.0 % ± 1.0 %", "50.0 %", "1.50"),
    )
    assert by_crossing.rows[0][0] == "user × item"


def test_what_the_first_task_owns_nothing_of_comes_last(summary: dict[str, Any]) -> None:
    found = summary["sharing"]["connection_share"]
    found["fields"]["item"]["taken"]["ctr"]["cvr"] = None
    rows = tables_of(sharing.section(summary))[0].rows
    assert [row[0] for row in rows] == ["user", "item"]
    assert rows[1][-3:] == ("–", "–", "–")


def test_layers_stand_in_order_and_say_who_owns_them(summary: dict[str, Any]) -> None:
    layers = tables_of(masks.section(summary))[1]
    assert layers.heads == ("layer", "ctr only", "cvr only", "both", "neither")
    assert [row[0] for row in layers.rows] == ["over.0.weight", "output.weight"]


def test_owners_of_three_tasks_are_told_by_their_number() -> None:
    found = {"a/b": {"mean": 0.2}, "b/c": {"mean": 0.1}, "a/b/c": {"mean": 0.3}, "": {"mean": 0.4}}
    said = masks.owned_by(found, ["a", "b", "c"])
    assert said["2 tasks"] == pytest.approx(0.3)
    assert (said["3 tasks"], said["none"], said["a only"]) == (0.3, 0.4, 0.0)


def test_rounds_say_by_how_many_seeds_they_were_chosen(summary: dict[str, Any]) -> None:
    rows = tables_of(curve.section(summary))[0].rows
    assert [row[0] for row in rows] == ["0, dense", "1", "2"]
    assert rows[1][4] == "1 of 2 seeds"
    assert rows[0][3] == rows[0][4] == ""


def test_slopes_are_judged_by_what_is_claimed(summary: dict[str, Any]) -> None:
    rows = tables_of(worlds.section(summary))[0].rows
    assert rows[0][-1] == "yes"
    assert rows[1][-1] == rows[2][-1] == "not told apart from no change"
    assert rows[1][1] == "40.0 %"
    summary["conflict"]["all"]["overlap"]["ctr/cvr"]["slope"] = {
        "mean": 0.4,
        "low": 0.3,
        "high": 0.5,
    }
    assert tables_of(worlds.section(summary))[0].rows[0][-1] == "no, the other way"


def test_worlds_stand_in_the_order_of_their_conflict(summary: dict[str, Any]) -> None:
    titles = [table.title for table in tables_of(worlds.section(summary))[1:]]
    assert [re.findall("'(.*?)'", title)[0] for title in titles] == ["w0", "w1"]


def test_each_group_of_worlds_has_a_figure_and_a_verdict(summary: dict[str, Any]) -> None:
    narrow = {"group": "narrow", "set": {"model.hidden": [4]}}
    summary["worlds"]["w2"] = {**summary["worlds"]["w0"], **narrow}
    summary["conflict"]["narrow"] = summary["conflict"]["all"]
    made = worlds.section(summary)
    assert isinstance(made, Section)
    figures = [part.name for part in made.parts if isinstance(part, Figure)]
    assert figures == ["conflict-all", "conflict-narrow"]
    titles = [re.findall("'(.*?)'", table.title)[0] for table in tables_of(made)]
    assert titles == ["all", "w0", "w1", "narrow", "w2"]
    assert "model.hidden = [4]" in tables_of(made)[3].lead


@pytest.mark.parametrize("name", ["curve", "sharing", "worlds", "masks"])
def test_a_section_without_data_says_so(name: str, summary: dict[str, Any]) -> None:
    emptied = {"curve": "curve", "worlds": "worlds", "sharing": "sharing", "masks": "sharing"}
    made = SECTIONS[name]({**summary, emptied[name]: {}})
    assert isinstance(made, Absent)
    assert made.why


def test_figures_are_whole_files_without_the_pages_variables(summary: dict[str, Any]) -> None:
    parts = [
        part
        for make in (curve.section, sharing.section, worlds.section)
        for part in getattr(make(summary), "parts", ())
        if isinstance(part, Figure)
    ]
    assert [part.name for part in parts] == ["pruning-curve", "taken-over-cvr", "conflict"]
    for part in parts:
        text = standalone(part.drawing)
        assert "var(--" not in text
        drawn = ElementTree.fromstring(text)
        assert drawn.tag.endswith("svg")
        assert float(drawn.attrib["width"]) > float(drawn.attrib["height"]) > 0
        assert not re.search(r"href=\"(?!#)", text)


def test_the_same_figures_come_out_the_same(summary: dict[str, Any]) -> None:
    assert curve.section(summary) == curve.section(copy.deepcopy(summary))


def with_likes(summary: dict[str, Any]) -> dict[str, Any]:
    names = ("ctr", "cvr", "like")
    masks = [{task: {"density": 0.5, "round": 1} for task in names}]
    overlap = [{"ctr/cvr": 0.3, "ctr/like": 0.6, "cvr/like": 0.9}]
    arm = {**summary["arms"]["connection_share"], "masks": masks, "overlap": overlap}
    tasks = {**summary["tasks"], "like": "auc"}
    layers = {"over.0.weight": {"shares": {"ctr/like": {"mean": 1.0}}}}
    shared = {"connection_share": {"layers": layers}}
    return {**summary, "tasks": tasks, "sharing": shared, "arms": {"connection_share": arm}}


def test_three_tasks_get_a_matrix_of_who_shares_with_whom(summary: dict[str, Any]) -> None:
    made = masks.section(with_likes(summary))
    densities, matrix, _ = tables_of(made)
    assert [row[1] for row in densities.rows] == ["ctr keeps", "cvr keeps", "like keeps"]
    assert matrix.heads == ("", "ctr", "cvr", "like")
    assert matrix.rows[2] == ("like", "60.0 % (33.3 %)", "90.0 % (33.3 %)", "–")
    assert isinstance(made, Section)
    assert "overlap-connection_share" in [part.name for part in made.parts if hasattr(part, "name")]


def test_two_tasks_need_no_matrix(summary: dict[str, Any]) -> None:
    titles = [table.title for table in tables_of(masks.section(summary))]
    assert not any("Who shares" in title for title in titles)


def test_many_tasks_stand_three_beside_each_other(summary: dict[str, Any]) -> None:
    one = summary["curve"]["connection_share"]["ctr"]
    summary["curve"]["connection_share"] = dict.fromkeys(("ctr", "cvr", "like", "follow"), one)
    made = curve.section(summary)
    assert isinstance(made, Section)
    names = [part.name for part in made.parts if isinstance(part, Figure)]
    assert names == ["pruning-curve", "pruning-curve-2"]
