"""What is shared: which tasks own each connection, by layer, input field and crossing.

Shapes: O outputs, I inputs, F fields, D embedding size. A set of tasks is written as its
names joined by "/", in the tasks' order; "" is the empty set: connections nobody owns.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from lt4rec_core.errors import ArtifactError

Kept = NDArray[np.bool_]
Shares = dict[str, float]
"""Set of tasks → share of connections that exactly these tasks own; they sum to one."""

FIRST = "over.0.weight"
"""The layer whose inputs have names."""


def owners(masks: Mapping[str, Mapping[str, Kept]]) -> dict[str, NDArray[np.int64]]:
    """Returns, by weight, who owns each connection: bit k is set where the k-th task does.

    A weight that only some tasks know (an owned output layer) isn't the others'.
    """
    codes: dict[str, NDArray[np.int64]] = {}
    for place, mask in enumerate(masks.values()):
        for name, kept in mask.items():
            bits = kept.astype(np.int64) << place
            codes[name] = codes[name] | bits if name in codes else bits
    return codes


def shares(codes: NDArray[np.int64], tasks: Sequence[str]) -> Shares:
    """Counts who owns the connections in `codes`; sets that own none of them are left out."""
    counts = np.bincount(codes.ravel(), minlength=2 ** len(tasks))
    return {
        "/".join(task for place, task in enumerate(tasks) if code >> place & 1): count / codes.size
        for code, count in enumerate(counts.tolist())
        if count
    }


def taken_over(found: Mapping[str, float], one: str, other: str) -> tuple[float, float] | None:
    """Returns which share of the connections of `one` the task `other` owns too, and by chance.

    The second is the share of all connections that `other` owns: what the first would be
    if the two masks lay independently of each other. None where `one` owns nothing.
    """
    of_one = _owned(found, {one})
    return (_owned(found, {one, other}) / of_one, _owned(found, {other})) if of_one else None


def _owned(found: Mapping[str, float], tasks: set[str]) -> float:
    return sum(share for names, share in found.items() if tasks <= set(names.split("/")))


def embedding_columns(
    fields: Sequence[str], embedding_dim: int, crossing: str
) -> dict[str, NDArray[np.int64]]:
    """Returns the columns of the first layer that read each field's own embedding: [D]."""
    first = len(_pairs(len(fields), crossing))
    return {
        name: np.arange(first + place * embedding_dim, first + (place + 1) * embedding_dim)
        for place, name in enumerate(fields)
    }


def crossing_columns(
    fields: Sequence[str], crossing: str
) -> dict[tuple[str, str], NDArray[np.int64]]:
    """Returns the columns that read each pair's dot product; with "full" two for most.

    The order of the inputs is that of `lt4rec_core.model.interaction.interact`.
    """
    columns: dict[tuple[int, int], list[int]] = {}
    for column, pair in enumerate(_pairs(len(fields), crossing)):
        columns.setdefault((min(pair), max(pair)), []).append(column)
    return {
        (fields[one], fields[other]): np.array(columns[one, other])
        for one, other in itertools.combinations_with_replacement(range(len(fields)), 2)
    }


def _pairs(fields: int, crossing: str) -> list[tuple[int, int]]:
    """Returns the pair of fields that each crossing column reads."""
    if crossing == "half":
        return [(row, column) for row in range(fields) for column in range(row + 1)]
    return [(row, column) for row in range(fields) for column in range(fields)]


def dissect(
    masks: Mapping[str, Mapping[str, Kept]],
    fields: Sequence[str],
    embedding_dim: int,
    crossing: str,
) -> dict[str, dict[str, Shares]]:
    """Returns the shares of all parts of a network: of `layers`, `inputs`, `fields`, `crossings`.

    `layers` has every weight and, last, "all layers"; `inputs` splits the first layer into
    "crossings" and "embeddings"; `fields` has each field's embedding, and `crossings` each
    pair as "one × other". The last three are empty where the first layer has no mask.

    Args:
        masks: task → weight name → connections kept [O, I].
        fields: names in the network's order.
        embedding_dim: D.
        crossing: "full" or "half".

    Raises:
        ArtifactError: the first layer hasn't the inputs that follow from the fields.
    """
    tasks, codes = list(masks), owners(masks)
    whole = np.concatenate([layer.ravel() for layer in codes.values()])
    found = {
        "layers": {name: shares(layer, tasks) for name, layer in codes.items()}
        | {"all layers": shares(whole, tasks)}
    }
    if FIRST not in codes:
        return {**found, "inputs": {}, "fields": {}, "crossings": {}}
    own = embedding_columns(fields, embedding_dim, crossing)
    crossed = crossing_columns(fields, crossing)
    inputs = sum(columns.size for columns in (*own.values(), *crossed.values()))
    if codes[FIRST].shape[1] != inputs:
        raise ArtifactError(
            f"a mask's first layer has {codes[FIRST].shape[1]} inputs; {len(fields)} fields with "
            f"embeddings of {embedding_dim} and {crossing} crossings have {inputs}: the mask is "
            "another network's"
        )

    def of(columns: NDArray[np.int64]) -> Shares:
        return shares(codes[FIRST][:, columns], tasks)

    return {
        **found,
        "inputs": {
            "crossings": of(np.concatenate(list(crossed.values()))),
            "embeddings": of(np.concatenate(list(own.values()))),
        },
        "fields": {name: of(columns) for name, columns in own.items()},
        "crossings": {f"{one} × {other}": of(at) for (one, other), at in crossed.items()},
    }
