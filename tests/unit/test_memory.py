from __future__ import annotations

import numpy as np
import pytest
import torch

from lt4rec_core.memory import is_out_of_memory, out_of_memory

MORE_THAN_THERE_IS = 1 << 56


def test_what_libraries_raise_is_known() -> None:
    for allocate in (bytearray, np.empty, torch.empty):
        with pytest.raises((MemoryError, RuntimeError)) as caught:
            allocate(MORE_THAN_THERE_IS)
        assert is_out_of_memory(caught.value)
        assert "run again" in out_of_memory(caught.value)


def test_other_errors_are_none() -> None:
    assert not is_out_of_memory(ValueError("the memory of the day is empty"))
