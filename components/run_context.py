"""Which pipeline run a component belongs to."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunContext:
    """Made by ingest, handed to every other node as JSON text."""

    run_id: str
    workspace: Path
    data_date: str = ""
    git_commit: str = ""

    @classmethod
    def parse(cls, text: str) -> RunContext:
        """Reads what `to_json` wrote."""
        values = json.loads(text)
        return cls(**{**values, "workspace": Path(values["workspace"])})

    def to_json(self) -> str:
        """Returns the JSON text."""
        return json.dumps({**asdict(self), "workspace": str(self.workspace)})

    @property
    def tags(self) -> dict[str, str]:
        """Tags of every MLflow run of this pipeline run."""
        tags = {"data_date": self.data_date, "git_commit": self.git_commit}
        return {name: value for name, value in tags.items() if value}
