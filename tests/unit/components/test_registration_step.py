"""Two who register different models of one name at once: the second meets the first's."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import lt4rec_core.stages.evaluate
import lt4rec_core.stages.register
from components import model_registry, registration_step
from components.registration_step import RegistrationStep, open_registration
from components.run_context import RunContext
from components.store import Store
from components.tracker import MlflowTracker
from lt4rec_core.config import from_mapping, to_mapping
from lt4rec_core.gate import GateDecision
from lt4rec_core.stages.register import Registration

CONFIG = from_mapping(
    {
        "threads": 1,
        "fields": [{"name": "user_id"}],
        "tracking": {"experiment": "test"},
        "register": {"model_name": "feed"},
    }
)


@pytest.fixture(autouse=True)
def _no_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inputs and models are names without files: who is judged against whom is what counts."""

    def logged(store: Store, run_id: str, name: str, *_: object) -> Any:
        made = store.client.create_logged_model(
            store.experiment_id, name=name, source_run_id=run_id
        )
        return store.client.finalize_logged_model(made.model_id, "READY")

    def loaded(store: Store, name: str, version: str) -> Any:
        return SimpleNamespace(name=f"version {version}", folder=None) if version else None

    for opened in ("open_input_dataset", "open_input_checkpoint", "open_input_masks"):
        monkeypatch.setattr(registration_step, opened, lambda *_: None)
    judged = SimpleNamespace(metrics={"tasks": {}})
    monkeypatch.setattr(lt4rec_core.stages.evaluate, "open_evaluation", lambda _: judged)
    monkeypatch.setattr(RegistrationStep, "folder", lambda *_: Path())
    monkeypatch.setattr(model_registry, "_log_model", logged)
    monkeypatch.setattr(model_registry, "load_version", loaded)


def test_of_two_at_once_the_second_is_judged_against_the_first(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[str] = []
    second_is_there = threading.Event()

    def stage(*given: Any) -> Registration:
        *_, target, _, champion = given
        met.append(champion)
        if len(met) == 1:
            assert second_is_there.wait(60)
        second_is_there.set()
        (target / "model").mkdir(parents=True)
        return Registration(target, GateDecision(True, (), ()), None, "", "", None, {})

    def heard(_: MlflowTracker, message: str) -> None:
        if message.startswith("waits: another process"):
            second_is_there.set()

    monkeypatch.setattr(lt4rec_core.stages.register, "register", stage)
    monkeypatch.setattr(MlflowTracker, "progress", heard)

    def register(model: str) -> None:
        run = RunContext(store.start_parent(model, {}), store.workspace).to_json()
        data, joint, evaluation = (f"runs:/r/{role}#{model}" for role in ("d", "j", "e"))
        inputs = {"dataset": data, "joint": joint, "evaluation": evaluation}
        with open_registration(json.dumps(to_mapping(CONFIG)), run, inputs) as step:
            step.register(data, joint, {}, {}, evaluation, "")

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(register, ("one", "other")))
    assert met == ["champion", "version 1"]
    aliases = store.client.get_registered_model("feed").aliases
    assert {name: str(version) for name, version in aliases.items()} == {
        "champion": "2",
        "previous": "1",
    }
