"""All benchmarks, in the order of BENCHMARKS.md."""

from __future__ import annotations

from benchmarks.daily_quality import DAILY_QUALITY
from benchmarks.data import DATA, DATA_10M, DATA_50M, DATA_PEERS, TEXT_PEERS
from benchmarks.data_parallel import DATA_PARALLEL
from benchmarks.growth import GROWTH
from benchmarks.metrics import METRIC_TIMES
from benchmarks.pipeline import PIPELINE, PIPELINE_KUAIRAND
from benchmarks.ranking import RANKING
from benchmarks.ranking_peers import RANKING_PEERS
from benchmarks.row import Topic
from benchmarks.search import QUALITY, SEARCH, SEARCH_KUAIRAND
from benchmarks.search_ideas import SEARCH_IDEAS
from benchmarks.start_up import START_UP
from benchmarks.tfrecords import TFRECORD_PEERS, TFRECORDS
from benchmarks.training_peers import TRAINING_PEERS
from benchmarks.training_step import TRAINING_STEP

OWN: dict[str, Topic] = {
    "training_step": TRAINING_STEP,
    "data_parallel": DATA_PARALLEL,
    "data": DATA,
    "data_10m": DATA_10M,
    "tfrecord": TFRECORDS,
    "ranking": RANKING,
    "metrics": METRIC_TIMES,
    "start_up": START_UP,
    "search": SEARCH,
    "search_ideas": SEARCH_IDEAS,
    "quality": QUALITY,
    "growth": GROWTH,
    "pipeline": PIPELINE,
}
"""What `make bench` runs."""

PEERS: dict[str, Topic] = {
    "training_peers": TRAINING_PEERS,
    "data_peers": DATA_PEERS,
    "text_peers": TEXT_PEERS,
    "ranking_peers": RANKING_PEERS,
    "tfrecord_peers": TFRECORD_PEERS,
}
"""What `make bench-peers` runs: it installs the peers, each into a venv of its own."""

LONG: dict[str, Topic] = {
    "data_50m": DATA_50M,
    "pipeline_kuairand": PIPELINE_KUAIRAND,
    "search_kuairand": SEARCH_KUAIRAND,
    "daily_quality": DAILY_QUALITY,
}
"""What takes too long to stand beside the others, and runs where it is named."""

TOPICS: dict[str, Topic] = {**OWN, **PEERS, **LONG}
