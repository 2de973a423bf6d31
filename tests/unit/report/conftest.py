"""A whole run's findings, made up but in the shape that the stages write."""

import numpy as np
import polars as pl
import pytest

from lt4rec_core.config import Evaluate, Slice
from lt4rec_core.metrics.judge import judge
from lt4rec_core.metrics.trivial import trivial_predictions
from lt4rec_core.report import ReportInput
from lt4rec_core.report.overlap import measure
from lt4rec_core.tasks import TASKS

LAYERS = {"over.0.weight": (64, 128), "over.1.weight": (32, 64), "output.weight": (1, 32)}


def rows(seed, count):
    rng = np.random.default_rng(seed)
    click = rng.random(count) < 0.4
    watched = np.clip(rng.normal(0.6, 0.25, count), 0, 1)
    return pl.DataFrame(
        {
            "user": [f"u{user}" for user in rng.integers(0, count // 4, count)],
            "item": [f"i{item}" for item in rng.integers(0, 40, count)],
            "label.click": click.astype(float),
            "label.watch_ratio": np.where(click, watched, np.nan),
            "tab": rng.choice(["0", "1", "2", "7"], count, p=[0.3, 0.5, 0.195, 0.005]),
            "known.item": rng.random(count) < 0.8,
        }
    ).with_columns(pl.col("label.watch_ratio").fill_nan(None))


def evaluation(count=1200):
    test, rng = rows(1, count), np.random.default_rng(2)
    truth = {
        "ctr": test["label.click"].to_numpy(),
        "cvr": test["label.watch_ratio"].fill_null(0.6).to_numpy(),
    }
    models = {
        model: {
            task: np.clip(0.4 + pull * (label - 0.4) + rng.normal(0, 0.12, count), 0.01, 0.99)
            for task, label in truth.items()
        }
        for model, pull in (("model", 0.25), ("single_task", 0.2))
    }
    tasks = tuple(TASKS.values())
    settings = Evaluate(
        bootstrap_replicates=50,
        slices=(Slice(name="tab", column="tab"), Slice(name="known_item", column="known.item")),
    )
    trivial = trivial_predictions(tasks, rows(0, count).lazy(), test)
    return {**judge(settings, tasks, test, models, trivial, seed=0), "test_days": ["2022-05-03"]}


def masks():
    kept = {}
    for place, task in enumerate(("ctr", "cvr")):
        rng = np.random.default_rng(place)
        kept[task] = {name: rng.random(shape) < 0.4 for name, shape in LAYERS.items()}
    return kept


def mask_manifest(task, metric, values, chosen):
    densities = 0.2 ** (np.arange(len(values)) / (len(values) - 1))
    return {
        "task": task,
        "digest": f"digest-of-{task}",
        "density": float(densities[chosen]),
        "round": chosen,
        "why": f"round {chosen} has the best validation {metric}",
        "rounds": [
            {"round": place, "density": float(density), "metric": metric, "value": value}
            for place, (density, value) in enumerate(zip(densities, values, strict=True))
        ],
    }


def curves():
    records = []
    for stage, tasks, trainings in (
        ("warmup", ("ctr", "cvr"), 1),
        ("prune-ctr", ("ctr",), 4),
        ("joint-train", ("ctr", "cvr"), 1),
    ):
        for training in range(trainings):
            for step in range(5, 101, 5):
                values = {f"loss_{task}": 0.2 + 0.5 * np.exp(-step / 40) for task in tasks}
                records.append(
                    {"stage": stage, "step": training * 1_000_000 + step, "metrics": values}
                )
            last = {f"validation_{task}": 0.7 for task in tasks}
            records.append({"stage": stage, "step": training * 1_000_000 + 100, "metrics": last})
    return records


def dataset():
    splits = ["train"] * 3 + ["validation", "test"]
    return {
        "digest": "d" * 64,
        "schema_digest": "5" * 64,
        "source": {"kind": "events", "location": "logs", "fingerprint": "f"},
        "time_zone": "Asia/Shanghai",
        "days": [
            {
                "day": f"2022-04-{26 + place}",
                "split": split,
                "rows": 15000 + 900 * place,
                "labels": {"click": 6000.0, "watch_ratio": 3600.5},
            }
            for place, split in enumerate(splits)
        ],
        "read": {"impressions": 86000, "clicks": 31000},
        "partitions": {},
        "dropped": {"impressions.duplicate": 2100, "impressions.no_duration": 12},
    }


def validation():
    def result(name, severity, status, message, offending=()):
        return {
            "expectation": name,
            "severity": severity,
            "status": status,
            "message": message,
            "rows": list(offending),
        }

    message = "drift: tab on 2022-04-30: seen 0.31, allowed at most 0.25"
    return {
        "failed": False,
        "errors": 0,
        "warnings": 1,
        "passed": 2,
        "skipped": 0,
        "results": [
            result("labels_in_range", "error", "passed", "labels_in_range: fine"),
            result("duplicates", "error", "passed", "duplicates: none"),
            result("drift", "warning", "failed", message, [{"tab": "7"}]),
        ],
    }


def comparison(task, metric, demand, against, value, reference, passed, reason):
    return {
        "task": task,
        "metric": metric,
        "slice": "",
        "demand": demand,
        "against": against,
        "value": value,
        "reference": reference,
        "passed": passed,
        "reason": reason,
    }


def gate(accepted=True):
    told = "ctr auc = 0.74 meets the floor 0.6"
    lost = "cvr mse = 0.05 is 0.001 worse than the champion's 0.049; allowed 0.002"
    comparisons = [
        comparison("ctr", "auc", "floor", "floor", 0.74, 0.6, True, told),
        comparison("cvr", "mse", "max_loss", "champion", 0.05, 0.049, accepted, lost),
        comparison("ctr", "gauc", "none", "champion", 0.7, None, None, "for information"),
    ]
    return {"accepted": accepted, "reasons": [told, lost], "comparisons": comparisons}


@pytest.fixture(scope="session")
def whole():
    """A summary with every part."""
    return ReportInput(
        title="demo, 2022-04-30",
        run={"run": "6f1d2", "data date": "2022-04-30", "commit": "b905cb0"},
        dataset=dataset(),
        validation=validation(),
        curves=curves(),
        masks={
            "ctr": mask_manifest("ctr", "auc", [0.741, 0.739, 0.7402, 0.737, 0.73], 2),
            "cvr": mask_manifest("cvr", "mse", [0.0655, 0.065, 0.0641, 0.0646, 0.066], 2),
        },
        overlap=measure(masks()),
        evaluation=evaluation(),
        gate=gate(),
        model={"name": "lt4rec", "version": 3, "alias": "champion", "uri": "models:/lt4rec/3"},
        seconds={"ingest": 4.2, "validate": 3.1, "warmup": 12.0, "prune-ctr": 75.2},
        config={"fields": [{"name": "user"}], "name": "demo"},
    )
