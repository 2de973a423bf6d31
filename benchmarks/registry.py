"""All benchmarks, in the order of BENCHMARKS.md."""

from __future__ import annotations

from benchmarks.data import DATA, DATA_PEERS
from benchmarks.metrics import METRIC_TIMES
from benchmarks.pipeline import PIPELINE
from benchmarks.ranking import RANKING
from benchmarks.row import Topic
from benchmarks.start_up import START_UP
from benchmarks.tfrecords import TFRECORD_PEERS, TFRECORDS
from benchmarks.training_step import TRAINING_STEP

OWN: dict[str, Topic] = {
    "training_step": TRAINING_STEP,
    "data": DATA,
    "tfrecord": TFRECORDS,
    "ranking": RANKING,
    "metrics": METRIC_TIMES,
    "start_up": START_UP,
    "pipeline": PIPELINE,
}
"""What `make bench` runs."""

PEERS: dict[str, Topic] = {
    "data_peers": DATA_PEERS,
    "tfrecord_peers": TFRECORD_PEERS,
}
"""What `make bench-peers` runs on top: it installs the peers, each into a venv of its own."""

TOPICS: dict[str, Topic] = {**OWN, **PEERS}
