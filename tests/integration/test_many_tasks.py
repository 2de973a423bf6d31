"""Four tasks from the configuration alone, one of them so rare that a day may have none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lt4rec_core.comparison.arm import run_arm
from lt4rec_core.comparison.baselines import run_baselines
from lt4rec_core.comparison.compare import RESULTS_FILE, compare
from lt4rec_core.config import Config, from_mapping
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.pruning.mask import Mask
from lt4rec_core.ranking.scorer import Scorer
from lt4rec_core.report import ReportInput, html
from lt4rec_core.report.overlap import measure_folders
from lt4rec_core.stages.evaluate import evaluate
from lt4rec_core.stages.ingest import ingest
from lt4rec_core.stages.joint_train import joint_train
from lt4rec_core.stages.prune import open_mask, prune
from lt4rec_core.stages.register import raw_rows, register
from lt4rec_core.stages.single_task import single_task
from lt4rec_core.stages.validate import validate
from lt4rec_core.stages.warmup import warmup
from lt4rec_core.tracking import JsonLinesTracker, SilentTracker
from lt4rec_core.training.checkpoint import Checkpoint

DAYS = ("2022-05-01", "2022-05-02", "2022-05-03", "2022-05-04")
TASKS = ("ctr", "cvr", "like", "forward")
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
    "comparison": {"seeds": 1},
}


def rows(day: int, forwards: int) -> list[str]:
    """300 impressions of a day: half are clicked, 60 liked, and the first ones forwarded."""
    rng = np.random.default_rng(day)
    lines = []
    for number in range(300):
        user, video, tab = (int(rng.integers(0, top)) for top in (30, 20, 3))
        click, like = number % 2, int(number % 5 == 0)
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


@pytest.fixture(scope="module")
def dataset(config: Config, logs: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    target = tmp_path_factory.mktemp("dataset") / "dataset"
    return ingest(config, str(logs), DAYS[-1], target, SilentTracker())


@dataclass
class Run:
    """Calls the stages of the training DAG one after the other, below `place`."""

    config: Config
    dataset: Dataset
    place: Path

    def __post_init__(self) -> None:
        self.tracker = JsonLinesTracker(self.place / "told")
        self.init = warmup(self.config, self.dataset, *self.rooms("warmup"), self.tracker)
        self.found = {task: self.pruned(task) for task in TASKS}
        masks = self.masks
        rooms, tracker = self.rooms("joint_train"), self.tracker
        self.joint = joint_train(self.config, self.dataset, self.init, masks, *rooms, tracker)
        singles = {task: self.alone(task) for task in TASKS}
        target = self.place / "evaluation"
        self.evaluation = evaluate(
            self.config, self.dataset, self.joint, masks, singles, target, tracker
        )

    @property
    def masks(self) -> dict[str, Mask]:
        return {task: open_mask(saved.root)[0] for task, saved in self.found.items()}

    def rooms(self, name: str) -> tuple[Path, Path]:
        return self.place / "state" / name, self.place / name

    def pruned(self, task: str) -> Checkpoint:
        rooms = self.rooms(f"prune-{task}")
        return prune(self.config, task, self.dataset, self.init, *rooms, self.tracker)

    def alone(self, task: str) -> Checkpoint:
        rooms = self.rooms(f"single-{task}")
        return single_task(self.config, task, self.dataset, *rooms, self.tracker)


@pytest.fixture(scope="module")
def run(config: Config, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return Run(config, dataset, tmp_path_factory.mktemp("run"))


def test_labels_known_on_every_impression_pass_validation(
    config: Config, dataset: Dataset, tmp_path: Path
) -> None:
    assert not validate(config, dataset, tmp_path / "validation", SilentTracker()).failed


def test_every_task_is_judged_with_its_events(run: Run) -> None:
    judged = run.evaluation.metrics["tasks"]
    assert {task: entry.get("events") for task, entry in judged.items()} == {
        "ctr": 150,
        "cvr": None,
        "like": 60,
        "forward": 8,
    }
    for entry in judged.values():
        assert {"value", "low", "high"} <= set(entry["mtl_gain"])
        assert entry["interval"]["low"] <= entry["interval"]["high"]


def test_a_validation_day_without_a_positive_is_told_and_stops_nothing(run: Run) -> None:
    assert set(run.joint.manifest["metrics"]) == {"ctr", "cvr", "like"}
    assert "no validation auc is defined" in run.found["forward"].manifest["why"]
    told = (run.place / "told").read_text()
    assert "auc of forward isn't defined on the validation rows" in told


def test_the_report_shows_who_shares_with_whom_and_what_means_little(run: Run) -> None:
    page = html(
        ReportInput(
            title="many",
            masks={task: saved.manifest for task, saved in run.found.items()},
            overlap=measure_folders({task: saved.root for task, saved in run.found.items()}),
            evaluation=run.evaluation.metrics,
        )
    )
    assert "Too few events to go by: like (60), forward (8)" in page
    matrix = page[page.index('<table class="matrix">') :]
    assert matrix[: matrix.index("</table>")].count('<span class="muted">(') == 12


def test_the_ranking_model_has_a_head_for_every_task(run: Run, dataset: Dataset) -> None:
    registered = register(
        run.config,
        dataset,
        run.joint,
        run.masks,
        run.evaluation,
        None,
        run.place / "registration",
        run.tracker,
    )
    asked = {c.task for c in registered.decision.comparisons if c.demand == "beat_trivial"}
    assert asked == {"ctr", "cvr"}, "like and forward have too few events"
    scorer = Scorer.load(registered.model)
    scores = scorer.score(next(raw_rows(dataset, "test", scorer.columns)))
    expected = scores["pctr"].astype(float) * scores["pcvr"] * scores["plike"].astype(float) ** 0.5
    np.testing.assert_allclose(scores["rank_score"], expected, rtol=1e-5)
    assert "pforward" in scores


def test_arms_are_compared_in_every_task(config: Config, dataset: Dataset, tmp_path: Path) -> None:
    results = [
        run_arm(config, arm, 0, dataset, tmp_path / "state", tmp_path / arm, SilentTracker())
        for arm in ("single_task", "connection_share")
    ]
    floor = run_baselines(config, dataset, tmp_path / "floor", SilentTracker())
    summary = compare(config, results, floor, tmp_path / "compared", SilentTracker())
    assert set(summary["parts"]["all"]) == set(TASKS)
    for judged in summary["parts"]["all"].values():
        assert "mtl_gain" in judged["arms"]["connection_share"]
        assert "gradient_boosting" in judged["trivial"]
    text = (tmp_path / "compared" / RESULTS_FILE).read_text()
    assert "Too few events to go by: like (60), forward (8)" in text
    assert "### Who shares with whom, connection_share" in text
    assert "forward" not in summary["curve"]["connection_share"]
