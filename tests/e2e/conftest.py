"""The real command line, in processes of its own, on a tiny world."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from lt4rec_core.artifact import parse_object

PROJECT = Path(__file__).resolve().parents[2]
CONFIG = Path(__file__).with_name("small.toml")


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def result(self) -> dict[str, Any]:
        """The JSON object on the last line of stdout."""
        assert self.code == 0, self.stderr
        return parse_object(self.stdout.splitlines()[-1])  # refuses NaN

    def nodes(self, message: str) -> set[str]:
        """Nodes that said something beginning with `message`."""
        lines = [line.partition("] ") for line in self.stderr.splitlines()]
        return {node[1:] for node, _, text in lines if text.startswith(message)}


@dataclass(frozen=True)
class Lt4rec:
    """Calls `lt4rec` from `stand` as a user whose home is the empty folder `home`."""

    stand: Path
    home: Path

    def __call__(self, *arguments: object, settings: Mapping[str, object] | None = None) -> Ended:
        """Calls a command and waits for its end."""
        with self.start(*arguments, settings=settings) as process:
            stdout, stderr = process.communicate()
        return Ended(process.returncode, stdout, stderr)

    def start(
        self, *arguments: object, settings: Mapping[str, object] | None = None
    ) -> subprocess.Popen[str]:
        """Starts a command with `settings` as its overrides."""
        chosen = settings or {}
        overrides = [part for key in chosen for part in ("--set", f"{key}={chosen[key]}")]
        command = [sys.executable, "-m", "pipelines.cli", *map(str, arguments), *overrides]
        kept = ["PATH", "LANG", "PYTHONDONTWRITEBYTECODE", "LD_LIBRARY_PATH"]
        kept += [name for name in os.environ if name.startswith("OPENBLAS_")]  # how it rounds
        environment = {name: os.environ[name] for name in kept if name in os.environ}
        return subprocess.Popen(
            command,
            cwd=self.stand,
            env={**environment, "HOME": str(self.home), "PYTHONPATH": str(PROJECT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, logs: Path, day: str, workspace: Path, **settings: object) -> Ended:
        """Runs the whole DAG, asking for JSON; `section__key=value` changes a setting."""
        return self._on("run", logs, day, workspace, settings)

    def validate(self, logs: Path, day: str, workspace: Path, **settings: object) -> Ended:
        """Ingests and validates only, asking for JSON."""
        return self._on("validate", logs, day, workspace, settings)

    def _on(
        self, command: str, logs: Path, day: str, workspace: Path, settings: Mapping[str, object]
    ) -> Ended:
        changed = {key.replace("__", "."): value for key, value in settings.items()}
        place = ("--source", logs, "--data-date", day, "--workspace", workspace)
        return self(command, CONFIG, *place, "--json", settings=changed)


@pytest.fixture(scope="module")
def lt4rec(tmp_path_factory) -> Lt4rec:
    """The command line, called from an empty folder with an empty home."""
    return Lt4rec(tmp_path_factory.mktemp("stand"), tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def logs(lt4rec, tmp_path_factory) -> Path:
    """Raw logs of six days, 2026-01-01 to 2026-01-06."""
    target = tmp_path_factory.mktemp("logs") / "world"
    ended = lt4rec("generate", CONFIG, "--target", target)
    assert ended.code == 0, ended.stderr
    return target
