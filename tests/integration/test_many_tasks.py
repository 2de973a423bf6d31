"""Four tasks from the configuration alone, one of them so rare that a day may have none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lt4rec_core.config import Config, from_mapping
from pipelines.compare import run_comparison
from pipelines.run import run_training

DAYS = ("2022-05-01", "2022-05-02", "2022-05-03", "2022-05-04")
TASKS = ("ctr", "cvr", "like", "forward")
PAIRS = ["ctr/cvr", "ctr/like", "ctr/forward", "cvr/like", "cvr/forward", "like/forward"]
LOG = (
    "user_id,video_id,date,hourmin,time_ms,is_click,is_like,is_follow,is_comment,is_forward,"
    "is_hate,long_view,is_profile_enter,play_time_ms,duration_ms,profile_stay_time,"
    "comment_stay_time,tab\n"
)
REACTION = {"loss": "log_loss", "metric": "auc"}
CONFIG: dict[str, Any] = {
    "name": "many",
    "threads": 1,
    "ingest": {"source": "kuairand", "train_days": 2, "min_count": 1},
    "fields": [{"name": "user_id"}, {"name": "video_id"}, {"name": "tab"}],
    "tasks": [
        {"name": "ctr"},
        {"name": "cvr"},
        {"name": "like", "label": "like", "population": "impression", **REACTION},
        {"name": "forward", "label": "forward", "population": "click", **REACTION},
    ],
    "validate": {"max_psi": 5.0, "min_rows": 50},
    "model": {"embedding_dim": 4, "hidden": [8], "output": "owned"},
    "optimizer": {"batch_size": 64, "learning_rate": 0.01},
    "warmup": {"epochs": 0.5},
    "prune": {"rounds": 1, "final_density": 0.5, "epochs_per_round": 0.5},
    "evaluate": {"bootstrap_replicates": 20},
    "register": {"exponents": {"ctr": 1.0, "cvr": 1.0, "like": 0.5}, "length_exponent": 0.0},
    "comparison": {"seeds": 1, "processes": 1},
}


def rows(day: int, forwards: int) -> list[str]:
    """300 impressions of a day: half are clicked, 60 liked, and the first ones forwarded."""
    rng = np.random.default_rng(day)
    lines = []
    for number in range(300):
        user, video, tab = (int(rng.integers(0, top)) for top in (30, 20, 3))
        click, like, forward = number % 2, int(number % 5 == 0), int(number < 2 * forwards) % 2
        forward = click if number < 2 * forwards else 0
        play = int(rng.integers(0, 10_000)) if click else 0
        time = 1_651_363_200_000 + (day * 86_400 + number) * 1000  # 2022-05-01 in China, and on
        lines.append(
            f"{user},{video},202205{day + 1:02},{number // 60:02}00,{time},{click},{like},0,0,"
            f"{forward},0,0,0,{play},10000,0,0,{tab}\n"
        )
    return lines


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nobody forwards anything on the validation day."""
    folder = tmp_path_factory.mktemp("logs")
    forwards = (8, 8, 0, 8)
    text = LOG + "".join(line for day in range(4) for line in rows(day, forwards[day]))
    (folder / "log_standard_1_pure.csv").write_text(text)
    (folder / "user_features_pure.csv").write_text("user_id\n1\n")
    (folder / "video_features_basic_pure.csv").write_text("video_id\n1\n")
    return folder


@pytest.fixture(scope="module")
def config() -> Config:
    return from_mapping(CONFIG)


def test_the_whole_pipeline_runs_for_every_task(config: Config, logs: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    summary = run_training(config, str(logs), DAYS[-1], tmp_path, show=lines.append)
    assert set(summary["metrics"]) == set(summary["mtl_gain"]) == set(TASKS)
    assert list(summary["masks"]["overlap"]) == PAIRS
    assert {f"{node}-{task}" for node in ("prune", "single-task") for task in TASKS} <= set(
        summary["seconds"]
    )
    assert summary["events"] == {"ctr": 150, "cvr": None, "like": 60, "forward": 8}
    assert "auc of forward isn't defined on the validation rows" in "\n".join(lines)
    page = Path(summary["report"]).read_text()
    assert "no validation auc is defined" in page
    assert "Too few events to go by: like (60), forward (8)" in page
    json.dumps(summary, allow_nan=False)


def test_arms_are_compared_in_every_task(config: Config, logs: Path, tmp_path: Path) -> None:
    results = tmp_path / "RESULTS.md"
    found = run_comparison(
        config, str(logs), DAYS[-1], tmp_path / "w", results=results, show=lambda line: None
    )
    assert set(found["arms"]["connection_share"]["mtl_gain"]) == set(TASKS)
    assert set(found["trivial"]["gradient_boosting"]) == set(TASKS)
    text = results.read_text()
    assert "like (60), forward (8)" in text
    assert "ctr" in text
