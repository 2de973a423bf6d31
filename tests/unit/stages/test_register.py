import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch

from lt4rec_core.artifact import sealed
from lt4rec_core.config import from_mapping
from lt4rec_core.data import encoding
from lt4rec_core.data.dataset import Dataset, vocabulary_file
from lt4rec_core.data.layout import layout_of
from lt4rec_core.data.manifest import DayRecord, Manifest, SourceRecord
from lt4rec_core.errors import ArtifactError
from lt4rec_core.model.sharing.registry import build
from lt4rec_core.pruning.mask import Mask
from lt4rec_core.ranking.scorer import Scorer
from lt4rec_core.stages.evaluate import evaluate
from lt4rec_core.stages.register import open_registration, raw_rows, register
from lt4rec_core.tracking import SilentTracker
from lt4rec_core.training.checkpoint import save_checkpoint

ROWS = 150
SPLITS = {"train": ("d1",), "validation": ("d2",), "test": ("d3",)}


def day(seed):
    rng = np.random.default_rng(seed)
    user, item = rng.integers(0, 12 + 3 * seed, ROWS), rng.integers(0, 9 + 3 * seed, ROWS)
    click = (rng.random(ROWS) < 0.2 + 0.05 * (user % 10)).astype(np.float32)
    age = np.where(rng.random(ROWS) < 0.1, np.nan, rng.normal(30, 9, ROWS))
    tags = [[f"t{k % 7}" for k in range(i, i + i % 4)] or None for i in item]
    return pl.DataFrame(
        {
            "row_id": [f"{seed}-{row}" for row in range(ROWS)],
            "user": [f"u{number}" for number in user],
            "item": [None if number == 4 else f"ï{number}" for number in item],
            "tags": pl.Series(tags, dtype=pl.List(pl.String)),
            "age": age,
            "length": pl.Series(np.where(item % 5 == 0, np.nan, 3.0 + item)).fill_nan(None),
            "label.click": click,
            "label.watch_ratio": np.where(click == 1, rng.random(ROWS), np.nan).astype(np.float32),
            "tab": [str(tab) for tab in rng.integers(0, 2, ROWS)],
        }
    ).with_columns(pl.col("label.watch_ratio", "age").fill_nan(None))


def configured(**register):
    return from_mapping(
        {
            "threads": torch.get_num_threads(),
            "fields": [
                {"name": "user"},
                {"name": "item"},
                {"name": "tags", "values": "multi"},
                {"name": "age", "kind": "numeric", "buckets": 4},
            ],
            "ingest": {"min_count": 2, "oov_buckets": 3},
            "model": {"embedding_dim": 4, "hidden": [8, 6]},
            "evaluate": {
                "bootstrap_replicates": 0,
                "slices": [{"name": "tab", "column": "tab", "min_rows": 5}],
            },
            "register": {"beat_trivial": False, **register},
        }
    )


@pytest.fixture
def dataset(tmp_path):
    root = tmp_path / "dataset"
    (root / "vocabulary").mkdir(parents=True)
    config = configured()
    fitted = encoding.fit({"2022-05-01": day(0).lazy()}, config.fields, config.ingest)
    days = []
    for seed, (split, (name,)) in enumerate(SPLITS.items()):
        fitted.encode(day(seed).lazy()).collect().write_parquet(root / f"{name}.parquet")
        days.append(DayRecord(name, split, f"{name}.parquet", ROWS, "", {}))
    for table, ids in fitted.vocabularies.items():
        ids.write_parquet(root / vocabulary_file(table))
    manifest = Manifest(
        schema_digest=fitted.features.digest,
        inputs="",
        source=SourceRecord("events", "", ""),
        data_date="2026-01-03",
        time_zone="UTC",
        splits=SPLITS,
        days=tuple(days),
        files={},
        read={},
        partitions={},
        dropped={},
    )
    return Dataset(root, manifest, fitted.features)


@pytest.fixture
def trained(dataset, tmp_path):
    """Gives what register needs, of a network drawn from a seed, judged on the test rows."""

    def make(seed=0, config=None, **changes):
        config = config or configured()
        generator = torch.Generator().manual_seed(seed)
        names = [task.name for task in config.tasks]
        network = build(
            config.model.sharing, layout_of(dataset.features), config.model, names, generator
        )
        tensors = {
            f"weights/{name}": values + 0.3 * torch.randn(values.shape, generator=generator)
            for name, values in network.state_dict().items()
        }
        masks = {
            name: Mask(
                {
                    weight: torch.rand(values.shape, generator=generator) < 0.6
                    for weight, values in network.prunable(name).items()
                }
            )
            for name in names
        }
        joint = save_checkpoint(tmp_path / f"joint-{seed}", "checkpoint", tensors, {})
        judged = evaluate(
            config, dataset, joint, masks, {}, tmp_path / f"evaluation-{seed}", SilentTracker()
        )
        return {
            "config": config,
            "dataset": dataset,
            "joint": joint,
            "masks": masks,
            "evaluation": judged,
            "champion": None,
            "target": tmp_path / f"registration-{seed}",
            "tracker": SilentTracker(),
            **changes,
        }

    return make


def rule(**demand):
    return {"rules": [{"task": "ctr", "metric": "auc", **demand}]}


def test_raw_test_rows_score_as_the_training_code_scored_them(trained, dataset):
    inputs = trained()
    scorer = Scorer.load(register(**inputs).model)
    (rows,) = raw_rows(dataset, "test", scorer.columns)
    predictions = pl.read_parquet(inputs["evaluation"].root / "predictions.parquet")
    scores = scorer.score(rows)
    for task in ("ctr", "cvr"):
        np.testing.assert_allclose(
            scores[f"p{task}"], predictions[f"p.{task}"].to_numpy(), rtol=0, atol=1e-6
        )


def test_an_unknown_length_is_the_median_of_the_training_days(trained, dataset):
    scorer = Scorer.load(register(**trained()).model)
    assert scorer.layout.length.unknown == day(0)["length"].median()


def test_without_any_length_the_rank_score_does_without(trained, dataset):
    for path in dataset.paths("train"):
        pl.read_parquet(path).with_columns(length=pl.lit(None, pl.Float64)).write_parquet(path)
    assert Scorer.load(register(**trained()).model).layout.length is None


def test_the_first_model_is_judged_by_its_floors(trained):
    low, high = configured(**rule(floor=0.01)), configured(**rule(floor=0.99))
    assert register(**trained(config=low)).decision.accepted
    refused = register(**trained(config=high)).decision
    assert not refused.accepted
    assert "misses the floor 0.99" in refused.reasons[0]


def test_a_model_held_against_itself_neither_loses_nor_gains(trained, tmp_path):
    champion = register(**trained()).model
    config = configured(**rule(max_loss=0.0, min_gain=0.0))
    done = register(
        **trained(config=config, champion=champion, target=tmp_path / "again"),
        champion_name="champion (version 1)",
    )
    assert done.decision.accepted
    assert all("equal to the champion (version 1)'s" in why for why in done.decision.reasons)


def test_the_champion_is_judged_on_the_same_rows_by_the_same_code(trained, tmp_path):
    first = trained(seed=1)
    second = register(**trained(seed=2, champion=register(**first).model))
    judged = first["evaluation"].metrics["tasks"]
    for task, metrics in second.champion.tasks.items():
        assert metrics["model"] == pytest.approx(judged[task]["model"], abs=1e-5)
        for name, part in metrics["slices"].items():
            assert part["model"] == pytest.approx(judged[task]["slices"][name]["model"], abs=1e-5)


def test_a_champion_that_needs_a_lost_column_is_told_and_refused(trained, dataset):
    champion = register(**trained()).model
    layout = json.loads((champion / "ranking.json").read_text())
    layout["fields"][0]["column"] = "device"
    (champion / "ranking.json").write_text(json.dumps(sealed(layout)))
    done = register(**trained(1, configured(**rule(max_loss=1.0)), champion=champion))
    assert not done.decision.accepted
    assert "it can't be scored on this data" in done.decision.reasons[0]
    assert "['device'] are missing" in done.decision.reasons[0]


def test_a_damaged_champion_is_no_obstacle_if_nothing_is_asked_of_it(trained):
    champion = register(**trained()).model
    (champion / "model.safetensors").write_bytes(b"")
    done = register(**trained(1, champion=champion))
    assert done.decision.accepted
    assert "was changed after its export" in done.champion.problem


def test_a_champion_without_a_task_of_the_run_is_judged_on_the_others(trained, tmp_path):
    older = replace(configured(), tasks=configured().tasks[1:])
    champion = register(**trained(config=older)).model
    done = register(**trained(1, configured(**rule(max_loss=0.0)), champion=champion))
    assert list(done.champion.tasks) == ["cvr"]
    assert done.decision.accepted


def test_another_models_evaluation_is_refused_and_nothing_is_written(trained):
    inputs = trained() | {"evaluation": trained(1)["evaluation"]}
    with pytest.raises(ArtifactError, match="don't belong together"):
        register(**inputs)
    assert not inputs["target"].exists()


def test_a_mask_of_another_shape_is_refused(trained):
    inputs = trained()
    wrong = Mask({name: kept[:-1] for name, kept in inputs["masks"]["ctr"].tensors.items()})
    with pytest.raises(ArtifactError, match="made for another network"):
        register(**inputs | {"masks": {**inputs["masks"], "ctr": wrong}})


def test_what_is_returned_is_what_is_written(trained):
    inputs = trained()
    done = register(**inputs)
    assert open_registration(inputs["target"]) == done
    assert done.masks == {task: mask.digest for task, mask in inputs["masks"].items()}
    assert done.data_date == "2026-01-03"


def test_the_same_inputs_register_to_the_same_bytes(trained, tmp_path):
    done = register(**trained())
    again = register(**trained(target=tmp_path / "again"))
    assert again.digest == done.digest


def test_a_half_written_registration_is_refused(tmp_path):
    (tmp_path / "registration.json").write_text('{"kind"')
    with pytest.raises(ArtifactError, match="isn't a whole registration"):
        open_registration(tmp_path)
