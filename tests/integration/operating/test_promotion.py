from __future__ import annotations

import datetime
from typing import Any

import pytest

from components.promotion import changes, promote, rollback
from components.store import Store
from lt4rec_core.errors import ArtifactError, InputError, StoreError

WHO = {"who": "ada", "reason": "the new one ranks badly in Brazil"}


def now() -> datetime.datetime:
    return datetime.datetime(2026, 1, 4, 3, 0, tzinfo=datetime.UTC)


def test_promotion_moves_the_aliases_and_says_who_when_and_why(three: Any) -> None:
    done = promote(three.store, "feed", "3", **WHO, now=now)
    assert three.aliases() == {"champion": "3", "previous": "2", "challenger": "3"}
    assert done.change is not None and done.to_json()["changed"]
    (told,) = changes(three.store, "feed", "3")
    assert told == done.change
    assert (told.former, told.who, told.reason) == ("2", "ada", WHO["reason"])
    assert (told.time, told.done) == ("2026-01-04T03:00:00+00:00", True)
    assert "the gate had refused it" in done.note


def test_promotion_of_the_champion_changes_nothing(three: Any) -> None:
    promote(three.store, "feed", "3", **WHO)
    again = promote(three.store, "feed", "3", **WHO)
    assert (again.change, again.champion) == (None, "3")
    assert three.aliases()["previous"] == "2"
    assert len(changes(three.store, "feed", "3")) == 1


def test_first_champion_can_be_made_by_hand(past: Any) -> None:
    past.version("0" * 32, "2026-01-01", accepted=False)
    promote(past.store, "feed", "1", **WHO)
    assert past.aliases() == {"champion": "1", "challenger": "1"}


@pytest.mark.parametrize("version", ["4", "latest", "0", "01"])
def test_version_that_does_not_exist_is_refused(three: Any, version: str) -> None:
    with pytest.raises(InputError, match=r"no version '.*'; there are \[1, 2, 3\]"):
        promote(three.store, "feed", version, **WHO)


@pytest.mark.parametrize("tag", ["lt4rec.accepted", "lt4rec.alias", "lt4rec.model"])
def test_version_that_was_never_evaluated_is_refused(three: Any, tag: str) -> None:
    version = three.version("0" * 32, "2026-01-04", accepted=False, **{tag: ""})
    with pytest.raises(InputError, match="was never evaluated"):
        promote(three.store, "feed", version, **WHO)
    assert three.aliases()["champion"] == "2"


@pytest.mark.parametrize("file", ["model.safetensors", "ranking.json", "vocabulary/user.json"])
def test_version_whose_model_was_changed_is_refused(three: Any, file: str) -> None:
    version = three.version("0" * 32, "2026-01-04", accepted=False)
    place = three.model(version) / file
    content = bytearray(place.read_bytes())
    content[len(content) // 2] ^= 1
    place.write_bytes(bytes(content))
    with pytest.raises(ArtifactError, match=r"isn't what was registered.*nothing was changed"):
        promote(three.store, "feed", version, **WHO)
    assert three.aliases()["champion"] == "2"


def test_version_whose_model_is_gone_is_refused(three: Any) -> None:
    version = three.version("0" * 32, "2026-01-04", accepted=False)
    (three.model(version) / "ranking.json").unlink()
    with pytest.raises(ArtifactError, match="isn't what was registered"):
        promote(three.store, "feed", version, **WHO)


def test_rollback_goes_to_the_champion_before_and_not_further(three: Any) -> None:
    done = rollback(three.store, "feed", **WHO)
    assert done.change is not None
    assert (done.change.action, done.change.version, done.change.former) == ("rollback", "1", "2")
    again = rollback(three.store, "feed", **WHO)
    assert (again.change, again.champion) == (None, "1")
    assert three.aliases()["champion"] == "1"


def test_rollback_undoes_a_promotion(three: Any) -> None:
    promote(three.store, "feed", "3", **WHO)
    promote(three.store, "feed", "1", **WHO)
    assert rollback(three.store, "feed", **WHO).champion == "3"


def test_rollback_goes_to_a_named_version(three: Any) -> None:
    promote(three.store, "feed", "3", **WHO)
    assert rollback(three.store, "feed", "1", **WHO).champion == "1"
    assert rollback(three.store, "feed", "1", **WHO).change is None


def test_rollback_needs_a_champion_before(past: Any) -> None:
    past.version("0" * 32, "2026-01-01")
    with pytest.raises(InputError, match="had no champion before"):
        rollback(past.store, "feed", **WHO)


MOMENTS = ["set_model_version_tag", "set_registered_model_alias"]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("change", [promote, rollback])
def test_change_that_was_killed_is_finished_by_the_same_command(
    three: Any,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    call: int,
    after: bool,
    change: Any,
) -> None:
    real, calls = getattr(type(three.store.client), moment), []

    def killed(self: Any, *arguments: Any, **named: Any) -> Any:
        calls.append(None)
        if len(calls) == call:
            if after:
                real(self, *arguments, **named)
            raise KeyboardInterrupt
        return real(self, *arguments, **named)

    arguments = ("3",) if change is promote else ()
    with monkeypatch.context() as patch:
        patch.setattr(type(three.store.client), moment, killed)
        with pytest.raises(KeyboardInterrupt):
            change(three.store, "feed", *arguments, **WHO)
    assert three.aliases()["champion"] in {"1", "2", "3"}
    change(three.store, "feed", *arguments, **WHO)
    wanted = "3" if change is promote else "1"
    assert (three.aliases()["champion"], three.aliases()["previous"]) == (wanted, "2")
    assert changes(three.store, "feed", wanted)[-1].done


def test_another_writer_in_between_is_seen_and_nothing_is_lost(
    three: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = type(three.store.client)
    real = client.set_registered_model_alias

    def raced(self: Any, name: str, alias: str, version: str) -> None:
        real(self, name, alias, version)
        if (alias, version) == ("champion", "3"):
            real(self, name, alias, "1")

    monkeypatch.setattr(client, "set_registered_model_alias", raced)
    with pytest.raises(StoreError, match="another writer made version 1 champion since"):
        promote(three.store, "feed", "3", **WHO)
    (told,) = changes(three.store, "feed", "3")
    assert (told.who, told.done) == ("ada", False)
    assert three.aliases()["champion"] == "1"


def test_registry_that_refuses_is_told_plainly(
    three: Any, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    from mlflow.exceptions import MlflowException

    def refuse(*_: Any, **__: Any) -> None:
        raise MlflowException("the database is locked")

    monkeypatch.setattr(type(store.client), "set_registered_model_alias", refuse)
    with pytest.raises(StoreError, match="can't be made champion: the database is locked"):
        promote(three.store, "feed", "1", **WHO)
