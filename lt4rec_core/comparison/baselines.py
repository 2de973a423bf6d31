"""What every arm must beat: rates, and well-kept models of the same features."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from lt4rec_core.comparison.code import code_digest
from lt4rec_core.comparison.judging import test_rows
from lt4rec_core.comparison.result import Result, save_result
from lt4rec_core.config import Config
from lt4rec_core.data.dataset import Dataset
from lt4rec_core.data.layout import layout_of
from lt4rec_core.data.samples import Samples, read_samples
from lt4rec_core.data.sealed import SealedDataset, seal
from lt4rec_core.metrics import METRICS, Undefined
from lt4rec_core.metrics.metric import Array
from lt4rec_core.metrics.trivial import trivial_predictions
from lt4rec_core.tasks import Task, resolve
from lt4rec_core.tracking import Tracker

Fitted = Callable[[Dataset, str], Array]
"""Predictions [N] for all rows of a split."""

_INVERSE_PENALTIES = (0.03, 0.1, 0.3, 1.0)
_FOLDS = 5
_TREES = 200
_EVERY_TREES = 10


def run_baselines(config: Config, dataset: Dataset, target: Path, tracker: Tracker) -> Result:
    """Fits the baselines on the training rows, and writes their predictions for the test rows.

    The columns `<baseline>.<task>` are of `mean`, `item_rate`, `user_rate` (see
    `lt4rec_core.metrics.trivial`), `logistic_regression`, `gradient_boosting` and
    `gradient_boosting_shared` (scikit-learn's). What these choose, they choose on the
    validation rows.
    """
    tasks = resolve(config.tasks)
    fitted = {
        name: {task.name: fit(task, tasks, seal(dataset), config.seed) for task in tasks}
        for name, fit in MODELS.items()
    }
    tracker.progress(f"fitted {', '.join(fitted)}")
    rows = test_rows(config, dataset)
    rates = trivial_predictions(tasks, dataset.scan("train"), rows)
    predictions = rates | {
        name: {task: predict(dataset, "test") for task, predict in by_task.items()}
        for name, by_task in fitted.items()
    }
    columns = [
        pl.Series(f"{name}.{task}", values)
        for name, by_task in predictions.items()
        for task, values in by_task.items()
    ]
    record = {
        "kind": "baselines",
        "baselines": list(predictions),
        "dataset": dataset.digest,
        "test_days": list(dataset.days("test")),
        "code": code_digest(),
    }
    return save_result(target, record, rows.with_columns(columns))


def logistic_regression(
    task: Task, _tasks: Sequence[Task], dataset: SealedDataset, seed: int
) -> Fitted:
    """Fits a logistic regression on the fields' ids, one weight an id.

    A label between 0 and 1 counts as that share of a 1 and the rest of a 0. The
    strength of the penalty is the best of a few on the validation rows.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    samples = read_samples(dataset, "train")
    known = samples.population(task).numpy()
    inputs = _one_hot(samples, dataset)[known]
    labels = samples.labels[task.label].numpy()[known].astype(np.float64)
    both = _stack(inputs, inputs)
    classes = np.concatenate([np.ones(len(labels)), np.zeros(len(labels))])
    weights = np.concatenate([labels, 1 - labels])
    counted = weights > 0

    def fit(inverse: float) -> Fitted:
        model = LogisticRegression(C=inverse, max_iter=200, random_state=seed)
        with warnings.catch_warnings():
            # Nearly converged is good enough for a floor.
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(both[counted], classes[counted], sample_weight=weights[counted])
        return lambda data, split: np.asarray(
            model.predict_proba(_one_hot(read_samples(data, split), data))[:, 1]
        )

    return _best_on_validation(task, dataset, [fit(inverse) for inverse in _INVERSE_PENALTIES])


def gradient_boosting(
    task: Task, _tasks: Sequence[Task], dataset: SealedDataset, seed: int
) -> Fitted:
    """Fits boosted trees on the fields, each id replaced by its label rate out of fold.

    Several ids of one impression count as one combination. The number of trees is the
    best on the validation rows.
    """
    return _boosted(task, (task,), dataset, seed)


def gradient_boosting_shared(
    task: Task, tasks: Sequence[Task], dataset: SealedDataset, seed: int
) -> Fitted:
    """Fits the same trees, told each id's label rate in all tasks instead of its own alone.

    What it gains over `gradient_boosting` is what a model without capacity to quarrel over
    takes from the other tasks: a yardstick for what sharing can bring on this data.
    """
    return _boosted(task, tasks, dataset, seed)


def _boosted(task: Task, told: Sequence[Task], dataset: SealedDataset, seed: int) -> Fitted:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    samples = read_samples(dataset, "train")
    known = samples.population(task).numpy()
    labels = samples.labels[task.label].numpy()[known].astype(np.float64)
    rates = [Rates(other, dataset, samples, seed) for other in told]
    inputs = np.hstack([each.out_of_fold for each in rates])[known]
    binary = task.binary
    kind = HistGradientBoostingClassifier if binary else HistGradientBoostingRegressor
    model = kind(max_iter=_TREES, early_stopping=False, random_state=seed).fit(inputs, labels)

    def staged(data: Dataset, split: str) -> list[Array]:
        ids = _ids(data, split)
        rows = np.hstack([each.encoder.transform(ids) for each in rates])
        stages = model.staged_predict_proba(rows) if binary else model.staged_predict(rows)
        return [
            np.clip(values[:, 1] if binary else values, 0.0, 1.0)
            for number, values in enumerate(stages, start=1)
            if number % _EVERY_TREES == 0
        ]

    def with_trees(place: int) -> Fitted:
        return lambda data, split: staged(data, split)[place]

    stages = staged(dataset, "validation")
    best = _best(task, read_samples(dataset, "validation"), stages)
    return with_trees(best)


class Rates:
    """Label rates [N, F] of the fields' ids in one task; those of training rows out of fold.

    All training rows get theirs in the same way, whether they are in the task's population
    or not: else a rate would tell which, and so give a click away.
    """

    def __init__(self, task: Task, dataset: Dataset, samples: Samples, seed: int) -> None:
        from sklearn.model_selection import KFold

        ids = _ids(dataset, "train")
        labels = samples.labels[task.label].numpy().astype(np.float64)
        known = np.zeros(len(ids), dtype=bool)
        known[samples.population(task).numpy()] = True
        self.out_of_fold = np.empty(ids.shape)
        for rest, fold in KFold(_FOLDS, shuffle=True, random_state=seed).split(ids):
            learned = rest[known[rest]]
            encoder = self._encoder(task).fit(ids[learned], labels[learned])
            self.out_of_fold[fold] = encoder.transform(ids[fold])
        self.encoder = self._encoder(task).fit(ids[known], labels[known])

    @staticmethod
    def _encoder(task: Task) -> Any:
        from sklearn.preprocessing import TargetEncoder

        kind = "binary" if task.binary else "continuous"
        return TargetEncoder(target_type=kind)


MODELS: dict[str, Callable[[Task, Sequence[Task], SealedDataset, int], Fitted]] = {
    "logistic_regression": logistic_regression,
    "gradient_boosting": gradient_boosting,
    "gradient_boosting_shared": gradient_boosting_shared,
}
"""By name: fits a task, given all tasks, on a dataset without test rows, with a seed."""


def _best_on_validation(task: Task, dataset: SealedDataset, candidates: Sequence[Fitted]) -> Fitted:
    predictions = [candidate(dataset, "validation") for candidate in candidates]
    return candidates[_best(task, read_samples(dataset, "validation"), predictions)]


def _best(task: Task, samples: Samples, predictions: Sequence[Array]) -> int:
    known = samples.population(task).numpy()
    labels = samples.labels[task.label].numpy()[known]
    metric = METRICS[task.metric]
    try:
        values = [metric.compute(labels, candidate[known]) for candidate in predictions]
    except Undefined:
        return 0  # nothing to choose by: the simplest
    signed = values if metric.higher_is_better else [-value for value in values]
    return int(np.argmax(signed))


def _one_hot(samples: Samples, dataset: Dataset) -> Any:
    """Returns a sparse matrix [N, rows of all tables]: 1, or the share where there are several."""
    from scipy.sparse import csr_matrix

    lengths = samples.lengths.numpy().astype(np.int64).ravel()
    shares = np.repeat(1.0 / lengths, lengths)
    shape = (samples.rows, layout_of(dataset.features).rows)
    return csr_matrix((shares, samples.ids.numpy(), samples.starts.numpy()), shape=shape)


def _stack(one: Any, other: Any) -> Any:
    from scipy.sparse import vstack

    return vstack([one, other], format="csr")


def _ids(dataset: Dataset, split: str) -> NDArray[np.object_]:
    """Returns the fields' ids as text [N, F], several ids of a field joined."""
    columns = [
        pl.col(f"id.{field.name}").cast(pl.List(pl.Utf8)).list.join(",")
        if field.values == "multi"
        else pl.col(f"id.{field.name}").cast(pl.Utf8)
        for field in dataset.features.fields
    ]
    return dataset.scan(split).select(columns).collect().to_numpy().astype(object)
