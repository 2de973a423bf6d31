"""Measures a dataset from what is counted of each of its days."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from lt4rec_core.tracking import Tracker
from lt4rec_core.validation.expectation import Expectation, Measure
from lt4rec_core.validation.profile import DayProfile, profile_day
from lt4rec_core.validation.subject import Subject
from lt4rec_core.validation.tally import tally_fields


def measure(
    subject: Subject,
    expectations: Mapping[str, Expectation],
    tracker: Tracker,
    profiles: Mapping[str, DayProfile] = MappingProxyType({}),
) -> dict[str, list[Measure]]:
    """Returns what each expectation measures on `subject`, by its name.

    Days that have no profile among `profiles` are counted here.
    """
    known = dict(profiles)
    for day in subject.days:
        if day.name not in known:
            known[day.name] = profile_day(subject, expectations, day)
            tracker.progress(f"counted {day.split} day {day.name}")
    measures: dict[str, list[Measure]] = {}
    for name, entry in expectations.items():
        counts = {day: profile.counts[name] for day, profile in known.items()}
        measures[name] = list(entry.measure(subject, counts)) if entry.measure else []
    by_field = {
        name: entry.measure_field for name, entry in expectations.items() if entry.measure_field
    }
    if by_field:
        occurring = {day: profile.occurrences for day, profile in known.items()}
        for tally in tally_fields(subject, occurring):
            for name, measure_field in by_field.items():
                measures[name].extend(measure_field(subject, tally))
        tracker.progress(f"tallied the ids of {len(subject.dataset.features.fields)} fields")
    return measures
