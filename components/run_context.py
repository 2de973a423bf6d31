"""Which pipeline run a component belongs to."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class RunContext:
    """Made by ingest, handed to every other node as JSON text.

    Attributes:
        run_id: MLflow run of the pipeline.
        workspace: folder of everything that is made.
        data_date: the test day.
        git_commit: commit of the code.
        world: the synthetic world that nodes belong to; most belong to none.
        command: what was typed, as the last node's reports tell it.
        retraining: whether it is a daily run.
        champion: the version that a daily run may start from, "" for none.
        attempt: makes results of equal inputs distinct: a forced run finds none.
    """

    run_id: str
    workspace: Path
    data_date: str = ""
    git_commit: str = ""
    world: str = ""
    command: str = ""
    retraining: bool = False
    champion: str = ""
    attempt: str = ""

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
        tags = {
            "data_date": self.data_date,
            "git_commit": self.git_commit,
            "lt4rec.world": self.world,
        }
        return {name: value for name, value in tags.items() if value}

    def name(self, node: str) -> str:
        """Returns what a node is called in the DAG: with its world, if it belongs to one."""
        return name_in(self.world, node)


def name_in(world: str, node: str) -> str:
    """Returns what `node` is called in a world's part of the DAG."""
    return f"{node}-{world}" if world else node
