"""Candidates for one user, as a ranking service is asked for them.

Shapes: B candidates, F fields, D embedding size, R rows of the stacked embeddings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from benchmarks.paper_size import PaperSize
from lt4rec_core.data.batch import Batch
from lt4rec_core.ranking.look_up import look_up_mean

# Fields that say something about the candidate: 5 of 20, one of them multi-valued, as 7 of
# KuaiRand's 26 are the video's; the others say who asks, when and where.
CANDIDATE_FIELDS = (1, 2, 3, 8, 9)


@dataclass(frozen=True)
class Request:
    """B rows that differ in the candidates' fields alone.

    Attributes:
        batch: what an eager network takes.
        values: each field's ids, one row's after the other's, and where each row starts.
    """

    batch: Batch
    values: tuple[tuple[np.ndarray, np.ndarray], ...]

    def look_up(self, embedding_RD: np.ndarray) -> list[np.ndarray]:
        """Returns each field's embeddings, [B, D] or [1, D]."""
        return [look_up_mean(embedding_RD, *each) for each in self.values]


def request(size: PaperSize, candidates: int) -> Request:
    """Takes impressions as candidates, all of them for who saw the first one, there and then."""
    drawn = size.samples.batch(torch.arange(candidates) % size.samples.rows)
    fields = len(size.layout.fields)
    bags = np.split(drawn.ids.numpy(), drawn.bags.numpy()[1:])
    bags = [
        bag if at % fields in CANDIDATE_FIELDS else bags[at % fields] for at, bag in enumerate(bags)
    ]
    batch = replace(
        drawn, ids=torch.from_numpy(np.concatenate(bags)), bags=torch.from_numpy(_starts(bags))
    )
    values = [bags[field::fields] for field in range(fields)]
    return Request(batch, tuple((np.concatenate(each), _starts(each)) for each in values))


def _starts(bags: Sequence[np.ndarray]) -> np.ndarray:
    return np.cumsum([0, *map(len, bags[:-1])])
