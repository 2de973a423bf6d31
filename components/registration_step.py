"""Register's step: the outcome is the gate's verdict and the registry's version."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from components import model_registry
from components.choice_step import tags_of
from components.days_done import GAIN, MADE_OF, SEARCHED, champion_as_of
from components.inputs import open_input_checkpoint, open_input_dataset, open_input_masks
from components.locks import champion_lock
from components.reference import Reference
from components.step import Step, open_step
from lt4rec_core.config import digest
from lt4rec_core.data.atomic import file_aside
from lt4rec_core.errors import ArtifactError
from lt4rec_core.stages.choose_search import Choice, open_choice

_OUTCOME = "registered.json"


class RegistrationStep(Step):
    """Registers the same model of the same day once, whichever champion it meets later.

    Nobody moves the champion between the judgement and what follows from it.
    A registration that was killed and is repeated is held against the champion that it
    met at first: a version that it made itself doesn't count.
    """

    def is_made(self) -> bool:
        """Whether the model was registered before a kill; exporting it alone isn't enough."""
        return (self.target / _OUTCOME).exists()

    def check(self, reference: Reference) -> None:
        """Raises ArtifactError unless the version is still in the registry."""
        super().check(reference)
        name = self.config.register.model_name
        if model_registry.find_registered(self.store, name, self.key) is None:
            raise ArtifactError(f"the version that was registered as {name!r} is gone")

    def register(
        self,
        dataset: str,
        joint: str,
        masks: Mapping[str, str],
        singles: Mapping[str, str],
        evaluation: str,
        search: str,
    ) -> None:
        """Runs the stage, and registers what it exported as its verdict says."""
        from lt4rec_core.stages.evaluate import open_evaluation
        from lt4rec_core.stages.register import register as stage

        data = open_input_dataset(self, dataset)
        name = self.config.register.model_name
        judged = open_evaluation(self.folder(evaluation))
        made_of = {"dataset": dataset, "joint": joint}
        made_of |= {f"mask-{task}": reference for task, reference in masks.items()}
        made_of |= {f"single-{task}": reference for task, reference in singles.items()}
        tags = {
            **self.context.tags,
            "config_digest": digest(self.config),
            MADE_OF: json.dumps(made_of),
            GAIN: json.dumps(gains_of(judged.metrics)),
            **(choice_tags(open_choice(self.folder(search))) if search else {}),
        }
        with champion_lock(self.store.workspace, name, self.tracker.progress):
            current = model_registry.champion_version(self.store, name)
            rival = model_registry.load_version(self.store, name, self._rival())
            registration = stage(
                self.config,
                data,
                open_input_checkpoint(self, joint, data),
                open_input_masks(self, masks, data),
                judged,
                rival.folder if rival else None,
                self.target,
                self.tracker,
                rival.name if rival else "champion",
            )
            model = model_registry.register_model(
                self.store,
                self.run_id,
                name,
                registration,
                data,
                self.key,
                tags,
                self.room,
                current,
            )
        self.tracker.progress(f"registered {name} version {model.version} as {model.alias}")
        outcome = {
            "gate": registration.decision.to_json(),
            "model": {
                "name": model.name,
                "version": model.version,
                "alias": model.alias,
                "uri": model.uri,
            },
        }
        shutil.rmtree(registration.model)  # MLflow has it, as a model
        with file_aside(self.target / _OUTCOME) as file:
            file.write_text(json.dumps(outcome, indent=1) + "\n", encoding="utf-8")

    def _rival(self) -> str:
        """Returns the version that the gate holds the new one against, "" for none."""
        name = self.config.register.model_name
        if not self.context.retraining:
            return model_registry.champion_version(self.store, name, self.key)
        champion = champion_as_of(self.store, name, self.context.data_date)
        return "" if champion is None else champion.version

    def finish(self) -> None:
        """Ends the pipeline's run too: this is its last node."""
        super().finish()
        self.store.end(self.context.run_id, "FINISHED")


@contextmanager
def open_registration(
    config: str, run: str, inputs: Mapping[str, str]
) -> Iterator[RegistrationStep]:
    """Gives register's step, as `open_step` does."""
    with open_step("register", config, run, inputs, kind=RegistrationStep) as step:
        yield cast("RegistrationStep", step)


def read_outcome(folder: Path) -> dict[str, Any]:
    """Reads what came of a registration: the `gate`'s decision and the `model`'s version."""
    outcome: dict[str, Any] = json.loads((folder / _OUTCOME).read_text(encoding="utf-8"))
    return outcome


def choice_tags(choice: Choice) -> dict[str, str]:
    """Returns the tags of a daily run's version: how its masks were come by, and when."""
    return {**tags_of(choice), SEARCHED: choice.searched}


def gains_of(judged: Mapping[str, Any]) -> dict[str, float]:
    """Returns the MTL gain of each task that has one, from an evaluation's `metrics.json`."""
    gains = {task: about.get("mtl_gain") or {} for task, about in judged["tasks"].items()}
    return {task: gain["value"] for task, gain in gains.items() if gain.get("value") is not None}
