from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import benchmarks.daily_quality
from benchmarks import scaling
from benchmarks.__main__ import main
from benchmarks.daily_quality import rows_of, write
from benchmarks.interleave import interleaved
from benchmarks.pipeline import share_beside_training
from benchmarks.registry import OWN, TOPICS
from benchmarks.results import read
from benchmarks.row import Bench, Row, Topic, row_of
from lt4rec_core.config import Model, Prune, digest, load

KEYS = {"name", "value", "spread", "unit", "goal", "reached", "against"}


# The end-to-end tests run the pipeline, which takes a minute; the others run what data and
# search run.
@pytest.mark.parametrize("topic", sorted(OWN.keys() - {"pipeline", "data_10m", "quality"}))
def test_every_benchmark_runs(topic: str, tmp_path: Path) -> None:
    page = tmp_path / "BENCHMARKS.md"
    main([topic, "--quick", "--threads", "1", "--target", str(tmp_path), "--page", str(page)])
    rows = json.loads((tmp_path / "results.json").read_text())["rows"]
    assert rows
    for row in rows:
        assert set(row) == KEYS
        assert row["name"].startswith(f"{topic}.")
        assert row["name"].partition(".")[2] in page.read_text()


def test_what_is_not_training_is_a_share_of_the_whole_run() -> None:
    seconds = {"ingest": 10.0, "warmup": 20.0, "prune-ctr": 15.0, "joint-train": 25.0}
    assert share_beside_training(seconds, 80.0) == pytest.approx(0.25)


def test_contestants_take_turns(tmp_path: Path) -> None:
    turns: list[str] = []

    def contestant(name: str) -> float:
        turns.append(name)
        return float(len(turns))

    bench = Bench(quick=True, clock="wall", threads=1, rounds=2, folder=tmp_path)
    found = interleaved(bench, {"a": lambda: contestant("a"), "b": lambda: contestant("b")})
    assert turns == ["a", "b", "a", "b", "a", "b"]
    assert found["a"].tolist() == [3.0, 5.0]


@pytest.mark.parametrize(
    ("value", "goal", "reached"), [(5.0, ">= 5", True), (0.31, "<= 0.3", False), (1.0, "", None)]
)
def test_a_goal_is_reached_or_not_or_was_not_set(value: float, goal: str, reached: bool) -> None:
    assert row_of("topic.what", np.array([value]), "s", goal).reached is reached


def test_rows_of_another_machine_are_left_behind(tmp_path: Path) -> None:
    row = Row("topic.what", 1.0, 0.0, "s")
    record = {"machine": {"cores": "2"}, "conditions": {}, "rows": [vars(row) | {"reached": None}]}
    (tmp_path / "results.json").write_text(json.dumps(record))
    assert read(tmp_path / "results.json", {"cores": "2"}) == ({row.name: row}, {})
    assert read(tmp_path / "results.json", {"cores": "4"}) == ({}, {})


def _topic(name: str, monkeypatch: pytest.MonkeyPatch, value: float | None) -> None:
    def measure(_bench: Bench) -> Iterator[Row]:
        if value is None:
            raise RuntimeError("broken")
        yield Row(f"{name}.what", value, 0.0, "s")

    monkeypatch.setitem(TOPICS, name, Topic(name, "", measure))


def test_topics_keep_what_earlier_commands_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*topics: str) -> dict[str, float]:
        main([*topics, "--target", str(tmp_path), "--page", str(tmp_path / "page.md")])
        rows = json.loads((tmp_path / "results.json").read_text())["rows"]
        return {row["name"]: row["value"] for row in rows}

    _topic("data", monkeypatch, 1.0)
    _topic("metrics", monkeypatch, 2.0)
    assert run("metrics", "data") == {"data.what": 1.0, "metrics.what": 2.0}
    _topic("data", monkeypatch, 3.0)
    assert run("data", "--resume") == {"data.what": 1.0, "metrics.what": 2.0}
    assert run("data") == {"data.what": 3.0, "metrics.what": 2.0}
    _topic("data", monkeypatch, None)
    _topic("metrics", monkeypatch, 4.0)
    with pytest.raises(SystemExit, match="data"):
        run("data", "metrics")
    assert run("metrics") == {"data.what": 3.0, "metrics.what": 4.0}


def test_days_beside_days_from_scratch_are_drawn_with_their_figures(tmp_path: Path) -> None:
    config = load(Path(benchmarks.daily_quality.__file__).with_suffix(".toml"))

    def told(auc: float, rows: int) -> dict[str, Any]:
        metrics = {"ctr": {"auc": auc}, "cvr": {"mse": 0.1}}
        return {"metrics": metrics, "seconds": 2.0, "embedding_rows": rows}

    days = [
        {"data_date": f"2026-01-0{day}", "search": day == 1, "daily": told(0.7, 90 + day)}
        | {"scratch": told(0.69, 80)}
        for day in range(1, 7)
    ]
    found = {row.name: row for row in rows_of(config, days)}
    assert found["daily_quality.ctr_auc"].value == pytest.approx(0.01)
    assert found["daily_quality.growth"].value == pytest.approx(96 / 95)
    write(config, days, tmp_path / "days.svg")
    assert "from scratch, median 0.6900" in (tmp_path / "days.svg").read_text()
    kept = json.loads((tmp_path / "days.json").read_text())
    assert (kept["config_digest"], len(kept["days"])) == (digest(config), 6)


def test_what_size_costs_is_calculated_from_what_was_measured(tmp_path: Path) -> None:
    half, whole = 0.2, 0.3  # so that 0.1 s of a step are the same for every share
    values = dict.fromkeys(scaling.NEEDED, 1.0)
    values |= {"data_parallel.half_step": half, "data_parallel.step": whole}
    rates = scaling.rates_of(values, 4096)
    assert rates.fixed == pytest.approx(0.1)
    computing, exchange = scaling.step_seconds(rates, Model(), 4096, 2, 1.0, 10.0)
    assert computing == pytest.approx(half)
    assert exchange > 0
    assert scaling.step_seconds(rates, Model(), 4096, 1, 1.0, 10.0)[1] == 0
    assert scaling.table_bytes(scaling.PAPER, Model()) == 21_000_000 * 64 * 4
    traffic = scaling.Traffic(impressions=9, clicks=0, users=1, items=1)  # one a day, seven train
    # Warm-up, joint training and the baselines see each once, pruning once a round and one more.
    assert scaling.samples_learned(traffic, Prune(rounds=3)) == 7 * (1 + 4 + 2)
    assert scaling.samples_learned(traffic, Prune(rounds=3, epochs_per_round=0.25)) == 7 * (1 + 3)
    rows = [{"name": name, "value": value} for name, value in values.items()]
    place = tmp_path / "results.json"
    place.write_text(json.dumps({"machine": {"cores": "2"}, "rows": rows}))
    scaling.main(["--results", str(place), "--page", str(tmp_path / "page.md")])
    assert "| 16 |" in (tmp_path / "page.md").read_text()
    place.write_text(json.dumps({"machine": {}, "rows": rows[:-1]}))
    with pytest.raises(SystemExit, match=r"lacks \['data.validate_5M'\]: run .* data first"):
        scaling.main(["--results", str(place), "--page", str(tmp_path / "page.md")])
