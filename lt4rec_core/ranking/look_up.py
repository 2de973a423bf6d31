"""Embeddings of encoded values.

Shapes: B = rows, N = values of all rows, D = embedding size, R = rows of the table.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]


def look_up(embedding_RD: Float32, index_B: Indices) -> Float32:
    """Returns embeddings [B, D]; [1, D] where all rows hold the same value."""
    alike = len(index_B) > 1 and (index_B == index_B[:1]).all()
    return embedding_RD.take(index_B[:1] if alike else index_B, axis=0)


def look_up_mean(embedding_RD: Float32, index_N: Indices, start_B: Indices) -> Float32:
    """Returns means over each row's values [B, D]; [1, D] where all rows hold the same ones.

    Args:
        embedding_RD: the stacked embeddings.
        index_N: the rows' values one after another; no row is empty.
        start_B: where each row's values start.
    """
    if len(index_N) == len(start_B):
        return look_up(embedding_RD, index_N)
    count_B = np.diff(start_B, append=len(index_N))
    if len(count_B) > 1 and (count_B == count_B[0]).all():
        index_BV = index_N.reshape(len(start_B), count_B[0])
        if (index_BV == index_BV[0]).all():
            index_N, start_B, count_B = index_BV[0], start_B[:1], count_B[:1]
    sum_BD = np.add.reduceat(embedding_RD.take(index_N, axis=0), start_B, axis=0)
    mean_BD: Float32 = np.divide(sum_BD, count_B[:, None], dtype=np.float32)
    return mean_BD
