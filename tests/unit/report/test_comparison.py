"""The tables of a comparison, as Markdown and as a page."""

from __future__ import annotations

import re
from typing import Any

import pytest

from lt4rec_core.report.comparison import comparison_html
from lt4rec_core.report.markdown import markdown
from lt4rec_core.report.sections.arms import arms_table, versus_table
from lt4rec_core.report.sections.facts import unmeasured

GAIN = {
    "mean": 0.012,
    "low": 0.002,
    "high": 0.022,
    "by_seed": [0.011, 0.013],
    "relative": {"mean": 0.02},
}


def part(metric: str) -> dict[str, Any]:
    return {
        "metric": metric,
        "rows": 1200,
        "users": 77,
        "arms": {
            "single_task": {"values": [0.6, 0.62], "mean": 0.61, "spread": 0.01},
            "connection_share": {
                "values": [0.611, 0.633],
                "mean": 0.622,
                "spread": 0.011,
                "mtl_gain": GAIN,
            },
        },
        "versus": {"single_task": GAIN},
        "trivial": {"item_rate": 0.55},
        "undefined": {},
    }


@pytest.fixture
def summary() -> dict[str, Any]:
    size = {"parameters": 1234, "multiply_adds": 5678.0, "seconds": 75.0, "chosen": {}}
    masks = [{"ctr": {"density": 0.4, "round": 2}, "cvr": {"density": 0.2, "round": 3}}] * 2
    return {
        "name": "small & <odd>",
        "written": "2026-02-03",
        "config_digest": "c" * 64,
        "source": "events, 3 training days",
        "dataset": "d" * 64,
        "codes": ["e" * 64],
        "test_days": ["2026-01-05"],
        "seeds": [0, 1],
        "threads": [1],
        "confidence": 0.95,
        "replicates": 1000,
        "tasks": {"ctr": "auc", "cvr": "mse"},
        "parts": {"all": {"ctr": part("auc"), "cvr": part("mse")}},
        "curve": {},
        "sharing": {},
        "worlds": {},
        "conflict": {},
        "arms": {
            "single_task": {**size, "masks": [{}, {}], "overlap": [{}, {}]},
            "connection_share": {**size, "masks": masks, "overlap": [{"ctr/cvr": 0.3}] * 2},
        },
    }


def test_markdown_says_what_was_measured_on_what(summary: dict[str, Any]) -> None:
    text = markdown(summary, ["single_task", "connection_share", "mmoe"])
    for said in ("2026-02-03", "c" * 16, "1,200 rows of 77 users", "2 seeds", "2026-01-05"):
        assert said in text


def test_rows_show_value_interval_and_relative_gain(summary: dict[str, Any]) -> None:
    row = arms_table(summary, "all").rows[1]
    assert row[:4] == (
        "connection_share",
        "0.62200 ± 0.01100",
        "+0.01200 [+0.00200, +0.02200]",
        "+2.00 %",
    )


def test_the_best_arm_of_each_task_stands_out(summary: dict[str, Any]) -> None:
    assert arms_table(summary, "all").best == {(1, 1), (0, 4)}
    assert "**0.61000 ± 0.01000**" in markdown(summary, [])


def test_baselines_stand_in_the_arms_table(summary: dict[str, Any]) -> None:
    assert arms_table(summary, "all").rows[-1][0] == "item rate"


def test_verdict_needs_an_interval_that_excludes_zero(summary: dict[str, Any]) -> None:
    gain = summary["parts"]["all"]["ctr"]["versus"]["single_task"]
    summary["parts"]["all"]["ctr"]["versus"]["single_task"] = {**gain, "low": -0.001}
    versus = versus_table(summary, "all")
    assert versus.rows[0][3] == "not told apart"
    assert versus.rows[0][6] == "better"


def test_what_was_not_measured_is_said(summary: dict[str, Any]) -> None:
    summary["seeds"] = [0]
    said = " ".join(unmeasured(summary, ["single_task", "connection_share", "mmoe"]))
    assert "mmoe" in said
    assert "One seed only" in said


def test_page_is_whole_escaped_and_asks_the_network_for_nothing(summary: dict[str, Any]) -> None:
    page = comparison_html(summary, ["single_task"], {"seed": 0})
    assert "small &amp; &lt;odd&gt;" in page
    assert page.count("<svg") == 2
    assert not re.search(r"(src|href)=\"(?!#)", page)


def test_the_same_summary_gives_the_same_page(summary: dict[str, Any]) -> None:
    assert comparison_html(summary, [], {}) == comparison_html(summary, [], {})
