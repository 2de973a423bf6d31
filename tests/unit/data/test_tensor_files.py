from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lt4rec_core.data.tensor_files import map_tensors, write_tensors
from lt4rec_core.errors import ArtifactError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pieces = ({"a/b": np.array([k, k], np.int32), "c": np.ones(1, np.float32)} for k in range(3))
    write_tensors(tmp_path, pieces)
    return tmp_path


def test_pieces_come_back_one_after_the_other(folder: Path) -> None:
    found = map_tensors(folder)
    assert found["a/b"].tolist() == [0, 0, 1, 1, 2, 2]
    assert found["c"].tolist() == [1.0, 1.0, 1.0]


def test_what_is_done_to_a_mapped_tensor_stays_in_the_process(folder: Path) -> None:
    map_tensors(folder)["c"].zero_()
    assert map_tensors(folder)["c"].sum() == 3


@pytest.mark.parametrize("name", ["0.bin", "tensors.json"])
def test_a_changed_file_is_refused(folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content.replace(b"\x01", b"\x02").replace(b"int32", b"int16"))
    with pytest.raises(ArtifactError, match=r"0\.bin was changed|seal is broken"):
        map_tensors(folder)
