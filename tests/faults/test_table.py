"""The table of faults in docs/faults.md: each with the test that makes it happen."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]

# What goes wrong, what then happens, and the test that shows it: a path below tests/ and a name.
FAULTS: tuple[tuple[str, str, str], ...] = (
    (
        "SIGKILL of a run in the middle of pruning",
        "its node's process ends too; the next run goes on there, to the same masks",
        "e2e/test_killed.py::test_stopped_and_killed_run_ends_as_one_that_never_was",
    ),
    (
        "fifty SIGKILLs at random moments, every node among them",
        "same masks, metrics and verdict, and one version (`make test-faults`)",
        "e2e/test_fifty_kills.py::test_fifty_kills_at_random_moments_change_nothing",
    ),
    (
        "SIGTERM in the middle of an epoch (preemption)",
        "saves after the batch at hand and leaves; goes on there, to the same bits",
        "unit/training/test_loop.py::test_a_preempted_training_saves_where_it_is_and_ends_with_the_same_bits",
    ),
    (
        "SIGTERM in the middle of any stage that trains",
        "leaves after the batch at hand; goes on there, to the same bits",
        "faults/test_preempted.py::test_a_preempted_stage_leaves_at_once_and_goes_on_to_the_same_bits",
    ),
    (
        "the local runner is killed",
        "its components get SIGTERM, 20 s later SIGKILL; none is left at work",
        "unit/components/test_lifeline.py::test_component_dies_with_a_killed_runner_even_behind_a_shell",
    ),
    (
        "SIGKILL, or MLflow goes away, between any two steps of a registration",
        "there is a champion at every moment; the same registration again makes no second version",
        "integration/test_model_registry.py::test_killed_in_between_there_is_a_champion_and_a_repeat_heals",
    ),
    (
        "S3: 500, 503 slow-down, silence, connection reset in the middle of a read; passing",
        "tried again, the same dataset",
        "faults/test_s3.py::test_a_fault_that_passes_leaves_no_trace",
    ),
    (
        "S3: 500, 503, resets that stay",
        "stops (exit code 2) naming the place; nothing is left",
        "faults/test_s3.py::test_a_fault_that_stays_stops_the_run_with_nothing_left",
    ),
    (
        "S3: credentials expired, object missing",
        "stops with S3's own code; nothing is left",
        "faults/test_s3.py::test_what_no_second_try_mends_is_said",
    ),
    (
        "S3: object changed between listing and reading",
        "stops and asks to run again when nobody writes there",
        "faults/test_s3.py::test_an_object_that_changes_while_it_is_read_stops_the_run",
    ),
    (
        "S3: connection reset in the middle of an upload; passing",
        "tried again, the same artifact",
        "faults/test_upload.py::test_a_reset_in_the_middle_of_an_upload_that_passes_leaves_no_trace",
    ),
    (
        "S3: resets in the middle of uploads that stay",
        "stops naming the artifact; the part that is there is never taken for the whole",
        "faults/test_upload.py::test_resets_that_stay_are_said_and_what_is_half_there_is_never_taken_for_whole",
    ),
    (
        "MLflow goes away at any call of a step",
        "stops saying so; the next run ends with each metric once, and one result",
        "unit/components/test_store_faults.py::test_a_store_that_goes_away_at_any_call_loses_and_doubles_nothing",
    ),
    (
        "MLflow's server restarted on the same store in the middle of an epoch of a whole run",
        "stops saying so; the next run goes on there, to the same result (`make test-faults`)",
        "services/test_restarts.py::test_a_run_whose_server_is_restarted_in_the_middle_of_an_epoch_ends_as_if_it_had_not",
    ),
    (
        "PostgreSQL restarted under load",
        "writers wait and go on; nothing is lost or doubled",
        "services/test_restarts.py::test_nothing_is_lost_or_doubled_when_postgresql_restarts_under_load",
    ),
    (
        "two register different models of one name at once",
        "the second waits, and is judged against the champion that the first left",
        "unit/components/test_registration_step.py::test_of_two_at_once_the_second_is_judged_against_the_first",
    ),
    (
        "two and more writers of one registry at once, from several workspaces",
        "a version a registration, one champion; a verdict about a former one promotes nobody",
        "services/test_restarts.py::test_writers_of_one_registry_leave_a_champion_and_a_version_a_key",
    ),
    (
        "SIGKILL, or MLflow goes away, between a judgement that stops the run and its being said",
        "the next try judges again and stops",
        "unit/components/test_validation_step.py::test_a_try_that_ends_before_it_says_so_lets_nothing_pass",
    ),
    (
        "MLflow's server is away at the start",
        "stops at once, naming it",
        "unit/components/test_store_check.py::test_server_that_is_away_is_named",
    ),
    (
        "SQLite locked by another process",
        "exit code 1, says who to wait for",
        "e2e/test_bad_input.py::test_locked_store_exits_1_and_says_so",
    ),
    (
        "read-only store",
        "exit code 1 before anything runs",
        "e2e/test_bad_input.py::test_read_only_store_exits_1_and_says_so",
    ),
    (
        "read-only workspace",
        "stops naming the folder; nothing is left",
        "unit/data/test_atomic.py::test_an_unwritable_place_is_said",
    ),
    (
        "the disk takes no more",
        "stops, says how much is free; nothing half-written is left",
        "integration/test_full_disk.py::test_a_disk_that_takes_no_more_is_said_and_nothing_is_left",
    ),
    (
        "a step runs out of memory",
        "stops, says what to do; the next run goes on with what was finished",
        "unit/components/test_step.py::test_want_of_memory_is_told_and_the_next_try_goes_on",
    ),
    (
        "one of several workers runs out of memory, or is killed for it",
        "the others end too, the step is named",
        "unit/pipelines/test_workers.py::test_a_worker_that_dies_stops_all",
    ),
    (
        "one worker of a comparison is killed",
        "stops; the next run ends with the same figures",
        "integration/test_comparison.py::test_arms_beside_each_other_come_to_the_same_though_one_was_killed",
    ),
    (
        "one of the processes that share a stage's batches is killed (torchrun)",
        "all end, the step says so; the next run goes on from the last saved state",
        "unit/components/test_training.py::test_a_killed_worker_stops_the_step_and_the_next_run_goes_on",
    ),
    (
        "a clock set back between two tries of a step",
        "the run that finished counts, whatever the clock said when it began",
        "unit/components/test_store.py::test_a_run_that_finished_counts_though_the_clock_was_set_back",
    ),
    (
        "any bit flipped in a checkpoint or mask",
        "refused: its seal or digest doesn't fit",
        "unit/training/test_checkpoint.py::test_a_flipped_bit_is_always_found",
    ),
    (
        "checkpoint or mask truncated anywhere",
        "refused",
        "unit/training/test_checkpoint.py::test_a_truncated_file_is_always_found",
    ),
    (
        "dataset changed by hand or by a disk",
        "refused, the file is named; ingest makes it anew",
        "unit/data/test_dataset.py::test_a_manifest_changed_by_hand_is_refused",
    ),
    (
        "registered champion damaged",
        "refused before anything is compared with it; it stays champion until somebody acts",
        "integration/test_model_registry.py::test_a_damaged_champion_is_refused",
    ),
    (
        "truncated log file",
        "exit code 2, the file is named",
        "e2e/test_bad_input.py::test_truncated_file_exits_2_and_is_named",
    ),
    (
        "a bomb of gzip: one row of gigabytes",
        "refused before it is held in memory",
        "unit/data/sources/test_lines.py::test_a_bomb_is_refused_in_little_memory",
    ),
    (
        "a Parquet log whose pages contradict its footer",
        "refused before polars believes them (it would end the process), the file is named",
        "unit/data/sources/test_pages.py::test_a_page_with_less_than_no_values_is_refused",
    ),
    (
        "a day of 25 or 23 hours",
        "all of it is one day",
        "unit/data/sources/test_events_partitioned.py::test_a_day_has_as_many_hours_as_its_clocks_say",
    ),
    (
        "the same, when a schedule is due and when hours are counted",
        "no day is skipped or repeated",
        "unit/retraining/test_data_date.py::test_a_day_of_another_length_is_neither_skipped_nor_repeated",
    ),
    (
        "the same, when silent hours are looked for",
        "none is found where there is none",
        "unit/validation/test_silence.py::test_a_day_of_25_hours_has_25",
    ),
    (
        "empty day, ten times the rows, a clock a year ahead",
        "see the poisoned days above",
        "poisons/test_poisons.py::test_a_poisoned_day_is_stopped",
    ),
)


def test_the_table_in_the_docs_is_up_to_date(table_in_docs):
    lines = ["| fault | what happens | test |", "|---|---|---|"]
    lines += [f"| {fault} | {then} | `tests/{test}` |" for fault, then, test in FAULTS]
    table = "".join(f"{line}\n" for line in lines)
    assert table_in_docs("faults", table) == table


@pytest.mark.parametrize("test", dict.fromkeys(test for _, _, test in FAULTS))
def test_every_test_of_the_table_exists(test):
    file, _, name = test.partition("::")
    tree = ast.parse((PROJECT / "tests" / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
