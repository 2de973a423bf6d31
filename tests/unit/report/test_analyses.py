"""The sections on where the gain comes from, and on what each choice is worth."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from lt4rec_core.report.sections import ablations, benefit
from lt4rec_core.report.sections.section import Absent, Section, Table
from lt4rec_core.report.wording import MISSING


def gain(mean: float) -> dict[str, Any]:
    return {"mean": mean, "low": mean - 0.01, "high": mean + 0.01, "relative": {"mean": mean}}


def arm(mean: float, gained: float | None = None) -> dict[str, Any]:
    found = {"values": [mean], "mean": mean}
    return found if gained is None else {**found, "mtl_gain": gain(gained)}


@pytest.fixture
def summary() -> dict[str, Any]:
    base = {"single_task": arm(0.6), "connection_share": arm(0.65, 0.05)}
    parts = {"dense_alone": arm(0.63, 0.03), "subnetwork_alone": arm(0.625, 0.025)}
    steps = {"warm-up": 0.03, "pruning": -0.005, "sharing": 0.025, "all together": 0.05}
    variant = {
        "arm": "connection_share",
        "set": {"warmup.epochs": 0.0, "warmup.keep_embeddings": False},
        "instead_of": {"warmup.epochs": 0.2},
        "masks": [{"ctr": {"density": 0.3}}],
        "tasks": {"ctr": {**arm(0.61, 0.01), "difference": gain(-0.04)}},
    }
    return {
        "test_days": ["2026-01-05"],
        "seeds": [0],
        "confidence": 0.95,
        "replicates": 10,
        "tasks": {"ctr": "auc"},
        "parts": {"all": {"ctr": {"metric": "auc", "rows": 9, "users": 3, "arms": base}}},
        "arms": {"connection_share": {"masks": [{"ctr": {"density": 0.4}}]}},
        "benefit": {
            "ctr": {
                "metric": "auc",
                "arms": {**base, **parts},
                "steps": {what: gain(mean) for what, mean in steps.items()},
            }
        },
        "ablations": {"warm-up": {"no_warmup": variant}},
    }


def tables(made: Section | Absent) -> list[Table]:
    assert isinstance(made, Section)
    return [part for part in made.parts if isinstance(part, Table)]


def test_the_way_from_single_task_to_connection_share_is_shown_step_by_step(
    summary: dict[str, Any],
) -> None:
    arms, steps = tables(benefit.section(summary))
    assert [row[2] for row in arms.rows] == ["0.60000", "0.63000", "0.62500", "0.65000"]
    assert [row[3] for row in steps.rows] == ["better", "not told apart", "better", "better"]


def test_a_variant_stands_below_its_arm_with_the_difference(summary: dict[str, Any]) -> None:
    (table,) = tables(ablations.section(summary))
    base, variant = table.rows
    assert table.title == "warm-up"
    assert base[:3] == ("connection_share", "warmup.epochs = 0.2", "ctr 40.0 %")
    assert base[5:] == (MISSING, MISSING)
    assert variant[1] == "warmup.epochs = 0.0, warmup.keep_embeddings = False"
    assert variant[2:] == (
        "ctr 30.0 %",
        "0.61000",
        "+0.01000 [+0.00000, +0.02000]",
        "−0.04000 [−0.05000, −0.03000]",
        "worse",
    )


def test_fewer_seeds_of_variants_are_told(summary: dict[str, Any]) -> None:
    made = [ablations.section({**summary, "seeds": seeds}) for seeds in ([0], [0, 1])]
    leads = [part.lead for part in made if isinstance(part, Section)]
    assert ["Variants have 1 of the 2 seeds" in lead for lead in leads] == [False, True]


def test_a_task_in_which_a_variant_has_no_metric_is_left_open(summary: dict[str, Any]) -> None:
    without = copy.deepcopy(summary)
    without["ablations"]["warm-up"]["no_warmup"]["tasks"] = {}
    (table,) = tables(ablations.section(without))
    assert table.rows[1][3:] == (MISSING,) * 4


@pytest.mark.parametrize(
    ("section", "name"), [(benefit.section, "benefit"), (ablations.section, "ablations")]
)
def test_what_was_not_asked_for_is_said_to_be_missing(
    section: Any, name: str, summary: dict[str, Any]
) -> None:
    del summary[name]
    made = section(summary)
    assert isinstance(made, Absent)
    assert f"--{name}" in made.why
