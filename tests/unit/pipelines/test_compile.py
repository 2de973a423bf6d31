from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from lt4rec_core.config import from_mapping
from lt4rec_core.errors import ConfigError
from pipelines.compile import compile_pipeline


@pytest.mark.parametrize(
    "sections",
    [
        {"tracking": {"uri": "postgresql://user:hush@db/mlflow"}},
        {"cluster": {"source": "https://user:hush@logs"}},
        {"cluster": {"kubeflow": {"host": "https://user:hush@kubeflow"}}},
        {"ingest": {"s3": {"endpoint_url": "http://user:hush@s3"}}},
    ],
)
def test_password_in_an_address_is_not_compiled(sections: dict[str, Any], tmp_path: Path) -> None:
    config = from_mapping({"fields": [{"name": "user_id"}], **sections})
    with pytest.raises(ConfigError, match="has a password") as caught:
        compile_pipeline(config, tmp_path / "out.yaml")
    assert "hush" not in str(caught.value)
    assert not list(tmp_path.iterdir())
