"""Random numbers that depend on what they are for, not on what was drawn before."""

from __future__ import annotations

import hashlib
import os

import torch


def generator(seed: int, *purpose: object) -> torch.Generator:
    """Returns a generator that the same seed and purpose always start alike.

    No state has to be saved for a resumed run: epoch 3 of prune-ctr draws the same
    order whether or not the process has been killed before it.
    """
    text = "/".join(str(part) for part in (seed, *purpose))
    start = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
    return torch.Generator().manual_seed(start)


def fix_threads(threads: int) -> None:
    """Sets the number of threads (0: all cores) and asks torch for deterministic kernels.

    Sums are split by threads: another number of threads gives other last digits.
    """
    torch.set_num_threads(threads or len(os.sched_getaffinity(0)))
    torch.use_deterministic_algorithms(True)
    # Unasked, it would then also fill every new tensor with NaN before a kernel writes it.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    # On a GPU, matrix products refuse to be deterministic without a workspace of fixed size.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # The row-sparse gradients are torch's own; unasked, it warns that it trusts them.
    torch.sparse.check_sparse_tensor_invariants.disable()  # type: ignore[no-untyped-call]
