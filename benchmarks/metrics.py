"""AUC, GAUC and the bootstrap over users on tens of millions of predictions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.interleave import interleaved, timed
from benchmarks.peers.serve import forget_peak, peak_bytes
from benchmarks.row import Bench, Row, Topic, row_of
from lt4rec_core.metrics import METRICS
from lt4rec_core.metrics.bootstrap import replicate_values


def measure(bench: Bench) -> Iterator[Row]:
    """Yields seconds, the distance from scikit-learn's values, and the peak memory."""
    forget_peak()
    rows, users = bench.size(50_000_000, 2000), bench.size(1_000_000, 40)
    rng = np.random.default_rng(0)
    prediction_N = rng.random(rows)
    label_N = (rng.random(rows) < prediction_N).astype(np.float64)
    user_N = rng.integers(users, size=rows)
    replicates = bench.size(1000, 10)
    found: dict[str, float] = {}

    def compute(name: str) -> None:
        found[name] = METRICS[name].compute(label_N, prediction_N, user_N)

    def replicate() -> None:
        replicate_values(
            METRICS["auc"], label_N, prediction_N, user_N, replicates=replicates, seed=0
        )

    seconds = interleaved(
        bench,
        {
            "auc": timed(lambda: compute("auc"), bench.clock),
            "gauc": timed(lambda: compute("gauc"), bench.clock),
            "bootstrap": timed(replicate, bench.clock),
        },
        warm=False,
    )
    peak = peak_bytes() / 2**30
    known = (label_N.nbytes + prediction_N.nbytes + user_N.nbytes) / 2**30
    yield row_of("metrics.auc", seconds["auc"], "s", "<= 60", f"{rows:,} predictions")
    yield row_of("metrics.gauc", seconds["gauc"], "s", "<= 60", f"of {users:,} users")
    yield row_of(
        "metrics.bootstrap",
        seconds["bootstrap"],
        "s",
        "<= 60",
        f"{replicates:,} replicates of AUC over users",
    )
    yield row_of("metrics.peak_memory", [peak], "GiB", "", f"{known:.2g} of it the inputs")
    yield row_of("metrics.auc_error", [_auc_error(bench)], "", "<= 1e-9", "scikit-learn")
    yield row_of("metrics.gauc_error", [_gauc_error(bench)], "", "<= 1e-9", "scikit-learn by user")


def _auc_error(bench: Bench) -> float:
    from sklearn.metrics import roc_auc_score

    label_N, prediction_N, _ = _tied(bench.size(2_000_000, 500))
    expected = roc_auc_score(label_N, prediction_N)
    return float(abs(METRICS["auc"].compute(label_N, prediction_N) - expected))


def _gauc_error(bench: Bench) -> float:
    from sklearn.metrics import roc_auc_score

    label_N, prediction_N, user_N = _tied(bench.size(20_000, 500))
    total = mass = 0.0
    for user in np.unique(user_N):
        at = user_N == user
        if 0 < label_N[at].sum() < at.sum():
            total += roc_auc_score(label_N[at], prediction_N[at]) * at.sum()
            mass += at.sum()
    return float(abs(METRICS["gauc"].compute(label_N, prediction_N, user_N) - total / mass))


def _tied(rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns labels, predictions with many ties, and users."""
    rng = np.random.default_rng(1)
    prediction_N = np.round(rng.random(rows), 3)
    label_N = (rng.random(rows) < prediction_N).astype(np.float64)
    return label_N, prediction_N, rng.integers(max(2, rows // 50), size=rows)


METRIC_TIMES = Topic(
    title="Metrics",
    about=(
        "Exact metrics of 50 M predictions of a million users. Above two million rows replicates "
        "of AUC go by each user's first-order influence instead of a pass over all rows."
    ),
    measure=measure,
    rounds=2,
    limits={
        "metrics.gauc": "sorting 50 M rows by user and score, on one core",
        "metrics.bootstrap": "drawing a million users a thousand times and summing them up",
    },
)
