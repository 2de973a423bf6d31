from __future__ import annotations

import pytest

from components.reference import Reference
from lt4rec_core.errors import ArtifactError


def test_reads_back_what_it_writes() -> None:
    reference = Reference("a1", "prune/mask", "ff00")
    assert str(reference) == "runs:/a1/prune/mask#ff00"
    assert Reference.parse(str(reference)) == reference


def test_uri_is_one_that_mlflow_reads() -> None:
    assert Reference.parse("runs:/a1/prune#ff").uri == "runs:/a1/prune"


@pytest.mark.parametrize(
    "text", ["", "runs:/a1/prune", "runs:/a1#ff", "s3://a/b#ff", "runs:/a1/prune#", "runs://x#1"]
)
def test_refuses_what_is_no_reference(text: str) -> None:
    with pytest.raises(ArtifactError, match="expected runs:/<run>/<path>#<digest>"):
        Reference.parse(text)
