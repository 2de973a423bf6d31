from __future__ import annotations

from typing import Any

import pytest

from components.history import document, find_model, read_config, read_days
from components.pipeline_run import new_parent
from components.reference import Reference
from components.store import KEY, Store
from lt4rec_core.config import from_mapping, to_mapping
from lt4rec_core.errors import ArtifactError, InputError


def test_model_without_runs_has_no_days(store: Store) -> None:
    assert read_days(store, "feed") == []


def test_days_come_in_order_with_all_that_was_measured(past: Any) -> None:
    past.day("2026-01-02", accepted=False, auc=0.69, champion=0.71)
    past.day("2026-01-01", psi=0.3)
    one, two = read_days(past.store, "feed")
    assert (one.date, two.date) == ("2026-01-01", "2026-01-02")
    assert one.drift == {"user": 0.3}
    assert (one.accepted, two.accepted) == (True, False)
    assert (one.version, one.aliases) == ("2", ("champion",))
    assert (two.version, two.aliases) == ("1", ("challenger",))
    assert two.reasons == ("ctr auc on 2026-01-02 is what it is",)
    task = two.tasks["ctr"]
    assert (task.model, task.champion, task.single_task) == (
        {"auc": 0.69},
        {"auc": 0.71},
        {"auc": 0.7},
    )
    assert task.label_rate == pytest.approx(0.2)
    assert task.predicted == pytest.approx(0.2)
    assert (two.rows, two.dataset, two.kind, two.status) == (
        100,
        "data-2026-01-02",
        "full",
        "finished",
    )


def test_run_that_kept_the_masks_is_warm(past: Any) -> None:
    parent = past.day("2026-01-01")
    choice = {"search": False, "reason": "nothing asks for a search"}
    past.node(parent, "choose-search", "choose_search", "choice.json", choice)
    (day,) = read_days(past.store, "feed")
    assert (day.kind, day.why) == ("warm", "nothing asks for a search")


def test_day_that_was_run_again_is_told_once_by_the_run_that_made_the_version(past: Any) -> None:
    first = past.day("2026-01-01")
    again = past.parent("2026-01-01")
    made = past.store.children(first)["register"].data.tags["lt4rec.reference"]
    found = past.store.start_child(again, "register", {"lt4rec.reference": made})
    past.store.end(found, "FINISHED")
    past.store.end(again, "FINISHED")
    assert [day.run_id for day in read_days(past.store, "feed")] == [first]


def test_version_of_a_killed_run_is_told_of_the_run_that_went_on(past: Any) -> None:
    killed = past.parent("2026-01-01")
    made = past.store.start_child(killed, "register", {KEY: "as it is"})
    past.version(made, "2026-01-01", **{KEY: "as it is"})
    for run in (made, killed):
        past.store.end(run, "KILLED")
    ended = past.parent("2026-01-01")
    gate = {"gate": {"accepted": True, "reasons": [], "comparisons": []}, "model": {}}
    found = past.node(ended, "register", "register", "registered.json", gate)
    past.store.set_tags(found, {KEY: "as it is"})
    past.store.end(ended, "FINISHED")
    (day,) = read_days(past.store, "feed")
    assert (day.run_id, day.status, day.version, day.accepted) == (ended, "finished", "1", True)


def test_run_killed_after_its_last_node_is_told_by_the_run_that_went_on(past: Any) -> None:
    killed = past.day("2026-01-01")
    past.store.end(killed, "KILLED")
    ended = past.parent("2026-01-01")
    made = past.store.children(killed)["register"].data.tags["lt4rec.reference"]
    found = past.store.start_child(ended, "register", {"lt4rec.reference": made})
    for run in (found, ended):
        past.store.end(run, "FINISHED")
    (day,) = read_days(past.store, "feed")
    assert (day.run_id, day.status, day.version) == (ended, "finished", "1")


def test_of_two_versions_of_a_day_the_later_counts(past: Any) -> None:
    past.day("2026-01-01")
    forced = past.day("2026-01-01")
    (day,) = read_days(past.store, "feed")
    assert (day.run_id, day.version) == (forced, "2")


def test_failed_day_says_why_and_what_its_data_was_like(past: Any) -> None:
    parent = past.parent("2026-01-01")
    record = {"results": [{"expectation": "drift", "column": "id.user", "seen": 0.9, "day": "x"}]}
    past.node(parent, "validate", "validate", "validation.json", record, status="FAILED")
    past.store.end(parent, "FAILED")
    (day,) = read_days(past.store, "feed")
    assert (day.status, day.failure, day.drift) == ("failed", "validate broke", {"user": 0.9})
    assert (day.version, day.accepted) == ("", None)


def test_failed_run_after_a_finished_one_does_not_hide_it(past: Any) -> None:
    finished = past.day("2026-01-01")
    past.store.end(past.parent("2026-01-01"), "FAILED")
    assert [day.run_id for day in read_days(past.store, "feed")] == [finished]


def test_validations_comparisons_and_other_models_are_no_days(past: Any) -> None:
    past.store.end(past.parent("2026-01-01"), "FINISHED")  # ended well without a version
    past.store.end(past.parent("2026-01-02", "comparison"), "FAILED")
    past.name = "other"
    past.store.end(past.parent("2026-01-03"), "FAILED")
    assert read_days(past.store, "feed") == []


def test_day_whose_artifact_is_gone_is_told_with_what_is_left(past: Any) -> None:
    parent = past.day("2026-01-01")
    run = past.store.children(parent)["evaluate"].info.run_id
    place = past.store.folder(
        Reference.parse(past.store.client.get_run(run).data.tags["lt4rec.reference"])
    )
    (place / "metrics.json").unlink()
    (day,) = read_days(past.store, "feed")
    assert "metrics.json" in day.failure
    assert (day.tasks, day.drift) == ({}, {"user": 0.1})


def test_pipeline_run_keeps_its_configuration(store: Store) -> None:
    config = from_mapping({"name": "feed", "fields": [{"name": "user_id"}]})
    run = new_parent(store, config, "/logs", "2026-01-04", "abc")
    assert read_config(store, run) == to_mapping(config)
    with pytest.raises(ArtifactError, match=r"nothing\.json"):
        document(store, Reference(run, "", ""), "nothing.json")


def test_only_model_there_is_needs_no_name(past: Any) -> None:
    with pytest.raises(InputError, match="none is registered yet"):
        find_model(past.store)
    past.day("2026-01-01")
    assert find_model(past.store) == "feed"
    with pytest.raises(InputError, match=r"no registered model 'fed'; registered are \['feed'\]"):
        find_model(past.store, "fed")
    past.name = "other"
    past.day("2026-01-01")
    with pytest.raises(InputError, match="which model"):
        find_model(past.store)


def test_model_whose_first_days_failed_is_found_and_its_days_told(past: Any) -> None:
    past.store.end(past.parent("2026-01-01", "comparison"), "FAILED")
    with pytest.raises(InputError, match="none is registered yet"):
        find_model(past.store)
    past.store.end(past.parent("2026-01-01"), "FAILED")
    assert find_model(past.store) == find_model(past.store, "feed") == "feed"
    assert [day.status for day in read_days(past.store, "feed")] == ["failed"]


def test_late_data_that_a_run_found_is_told_of_its_day(past: Any) -> None:
    run = past.day("2026-01-02")
    past.store.set_tags(run, {"lt4rec.late": '{"2026-01-01": "9 rows, 10 now"}'})
    (day,) = read_days(past.store, "feed")
    assert day.late == {"2026-01-01": "9 rows, 10 now"}
