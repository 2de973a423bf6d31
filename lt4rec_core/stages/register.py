"""Registration: the ranking model of all tasks, and whether it may become the champion."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lt4rec_core.artifact import read_object
from lt4rec_core.config import Config
from lt4rec_core.data.atomic import folder_aside, sha256_file
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.errors import ArtifactError, LT4RECError
from lt4rec_core.gate import Champion, Comparison, GateDecision, decide
from lt4rec_core.metrics.judge import judge
from lt4rec_core.pruning.mask import Mask
from lt4rec_core.ranking.export import export
from lt4rec_core.ranking.layout import LAYOUT_FILE, Field, Length, RankingLayout, Table
from lt4rec_core.ranking.scorer import Scorer
from lt4rec_core.stages.evaluate import PREDICTIONS_FILE, Evaluation
from lt4rec_core.tasks import resolve
from lt4rec_core.tracking import Tracker
from lt4rec_core.training.checkpoint import Checkpoint

if TYPE_CHECKING:
    import polars as pl

FORMAT = 1
_MODEL = "model"
_RECORD = "registration.json"
_ROWS_AT_ONCE = 65_536

# Both compute in float32, in another order; an accelerator rounds a little more.
_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Registration:
    """What is to be registered.

    Attributes:
        root: the artifact's folder.
        decision: the gate's verdict.
        champion: the champion that it was held against, None if there was none.
        digest: SHA-256 (hex) of the ranking model.
        dataset: digest of the dataset that it was trained and judged on.
        data_date: the dataset's data date, None where it has no dates.
        masks: digest of each task's mask.
    """

    root: Path
    decision: GateDecision
    champion: Champion | None
    digest: str
    dataset: str
    data_date: str | None
    masks: Mapping[str, str]

    @property
    def model(self) -> Path:
        """The ranking model's folder; `lt4rec_core.ranking.scorer.Scorer` loads it."""
        return self.root / _MODEL


def register(
    config: Config,
    dataset: Dataset,
    joint: Checkpoint,
    masks: Mapping[str, Mask],
    evaluation: Evaluation,
    champion: Path | None,
    target: Path,
    tracker: Tracker,
    champion_name: str = "champion",
) -> Registration:
    """Exports the ranking model, re-scores the champion on the same test day, and decides.

    Args:
        config: the run's settings.
        dataset: its "test" split is what both models are judged on.
        joint: checkpoint of joint_train.
        masks: each task's mask.
        evaluation: the new model's, on the test rows.
        champion: folder of the champion's ranking model, None if there is no champion.
        target: folder of the finished artifact: the model and `registration.json`.
        tracker: takes progress.
        champion_name: how reasons call the champion: "champion (version 3)".

    Raises:
        ArtifactError: weights, masks and features don't fit each other, or the exported
            model scores raw rows otherwise than the training code scored them.
    """
    layout = layout_of(config, dataset)
    weights = {name: values.numpy() for name, values in joint.group("weights").items()}
    kept = {
        task: {name: values.cpu().numpy() for name, values in mask.tensors.items()}
        for task, mask in masks.items()
    }
    ids = {
        table.name: dataset.vocabulary(table.name)["id"].to_list()
        for table in layout.tables
        if table.kind == "categorical"
    }
    current = None
    if champion is not None:
        tracker.progress(f"scoring the {champion_name} on the test rows")
        current = score_champion(config, dataset, champion, champion_name)
    decision = decide(config.register, evaluation.metrics, current)
    with folder_aside(target) as folder:
        (folder / _MODEL).mkdir()
        export(layout, weights, kept, ids, folder / _MODEL)
        check_parity(folder / _MODEL, dataset, evaluation)
        record = {
            "format": FORMAT,
            "kind": "registration",
            "digest": sha256_file(folder / _MODEL / LAYOUT_FILE),
            "dataset": dataset.digest,
            "data_date": dataset.manifest.data_date,
            "masks": {task: mask.digest for task, mask in masks.items()},
            "decision": decision.to_json(),
            "champion": None if current is None else dataclasses.asdict(current),
        }
        text = json.dumps(record, indent=2, allow_nan=False)
        (folder / _RECORD).write_text(text + "\n", encoding="utf-8")
    tracker.progress("accepted by the gate" if decision.accepted else "refused by the gate")
    for reason in decision.reasons:
        tracker.progress(f"  {reason}")
    return open_registration(target)


def open_registration(root: Path) -> Registration:
    """Opens a finished registration; raises ArtifactError where the folder isn't one."""
    try:
        record = read_object(root, _RECORD)
        if (record["kind"], record["format"]) != ("registration", FORMAT):
            raise ValueError(f"it isn't a registration of format {FORMAT}")
        decision, champion = record["decision"], record["champion"]
        return Registration(
            root=root,
            decision=GateDecision(
                accepted=decision["accepted"],
                reasons=tuple(decision["reasons"]),
                comparisons=tuple(Comparison(**entry) for entry in decision["comparisons"]),
            ),
            champion=None if champion is None else Champion(**champion),
            digest=record["digest"],
            dataset=record["dataset"],
            data_date=record["data_date"],
            masks=record["masks"],
        )
    except (ArtifactError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(
            f"{root} isn't a whole registration: {error}; register again"
        ) from error


def layout_of(config: Config, dataset: Dataset) -> RankingLayout:
    """What the ranking model of this run looks like."""
    separators = {field.name: field.separator for field in config.fields}
    return RankingLayout(
        fields=tuple(
            Field(
                name=field.name,
                column=field.column,
                table=field.table,
                values=field.values,
                kind=field.kind,
                separator=separators.get(field.name, ","),
            )
            for field in dataset.features.fields
        ),
        tables=tuple(
            Table(table.name, table.kind, table.size, table.oov_buckets, table.boundaries)
            for table in dataset.features.tables
        ),
        embedding_dim=config.model.embedding_dim,
        hidden=config.model.hidden,
        crossing=config.model.crossing,
        tasks=tuple(task.name for task in config.tasks),
        exponents={
            task.name: config.register.exponents.get(task.name, 0.0) for task in config.tasks
        },
        length=_length(config, dataset),
        schema_digest=dataset.features.digest,
    )


def score_champion(config: Config, dataset: Dataset, folder: Path, name: str) -> Champion:
    """Judges the champion on the test rows, from raw columns, by the evaluation's own code.

    A champion that can't be read or can't score this data isn't an error here: `problem`
    says why, and the gate decides what that means.
    """
    slices = config.evaluate.slices
    settings = dataclasses.replace(config.evaluate, bootstrap_replicates=0)
    try:
        scorer = Scorer.load(folder)
        predictions = predict_test(scorer, dataset)
    except LT4RECError as error:
        return Champion(name, {}, problem=f"it can't be scored on this data: {error}")
    tasks = [task for task in resolve(config.tasks) if task.name in predictions]
    labels = {f"label.{task.label}" for task in tasks} | {
        f"label.{task.population}" for task in tasks
    }
    scan = dataset.scan("test")
    wanted = {"user", *labels, *(entry.column for entry in slices)}
    present = [column for column in scan.collect_schema().names() if column in wanted]
    rows = scan.select(present).collect()
    judged = judge(settings, tasks, rows, {"model": predictions}, {}, seed=config.seed)
    return Champion(name, judged["tasks"])


def check_parity(model: Path, dataset: Dataset, evaluation: Evaluation) -> None:
    """Holds the exported model against the training code on the first test rows.

    Raises:
        ArtifactError: a score differs, so that what was judged isn't what would serve.
    """
    import polars as pl

    scorer = Scorer.load(model)
    scores = scorer.score(next(raw_rows(dataset, "test", scorer.columns)))
    for task in scorer.layout.tasks:
        served = scores[f"p{task}"]
        scan = pl.scan_parquet(evaluation.root / PREDICTIONS_FILE, glob=False).select(f"p.{task}")
        judged = scan.head(len(served)).collect().to_series().to_numpy()
        worst = int(np.argmax(np.abs(served - judged)))
        if not abs(served[worst] - judged[worst]) <= _TOLERANCE:
            raise ArtifactError(
                f"the exported model gives p{task} = {served[worst]:.7f} on test row {worst}, "
                f"the evaluated one {judged[worst]:.7f}; expected the same within "
                f"{_TOLERANCE}: evaluation and checkpoint don't belong together, evaluate again"
            )


def predict_test(scorer: Scorer, dataset: Dataset) -> dict[str, npt.NDArray[Any]]:
    """Returns each task's predictions [N] for the test rows, from their raw columns."""
    parts = [scorer.score(columns) for columns in raw_rows(dataset, "test", scorer.columns)]
    return {
        task: np.concatenate([part[f"p{task}"] for part in parts]) for task in scorer.layout.tasks
    }


def raw_rows(
    dataset: Dataset, split: str, columns: tuple[str, ...]
) -> Iterator[dict[str, pl.Series]]:
    """Gives the raw columns of a split, bounded numbers of rows at once, in its order.

    Columns that the dataset lacks are left out.
    """
    import polars as pl

    for path in dataset.paths(split):
        scan = pl.scan_parquet(path, glob=False)
        present = [name for name in scan.collect_schema().names() if name in columns]
        rows = scan.select(pl.len()).collect().item()
        for start in range(0, rows, _ROWS_AT_ONCE):
            yield scan.select(present).slice(start, _ROWS_AT_ONCE).collect().to_dict()


def _length(config: Config, dataset: Dataset) -> Length | None:
    import polars as pl

    exponent = config.register.length_exponent
    length = pl.col("length")
    median = (
        dataset.scan("train")
        .select(length.filter(length.is_finite() & (length > 0)).median())
        .collect(engine="streaming")
        .item()
    )
    if exponent == 0 or median is None:
        return None
    return Length(exponent=exponent, unknown=float(median))
