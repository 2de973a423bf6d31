"""Great Expectations judges the profile: one row a column and day, one column an expectation."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lt4rec_core.config.data import Severity
from lt4rec_core.errors import ValidationError
from lt4rec_core.validation.docs import make_self_contained
from lt4rec_core.validation.expectation import Expectation, Measure
from lt4rec_core.validation.outcome import allowed

_SEVERITIES = {"error": "critical", "warning": "warning"}

Key = tuple[str, str, str]
"""Expectation, column and day of a measure."""


def judge(
    measures: Mapping[str, list[Measure]],
    expectations: Mapping[str, Expectation],
    severities: Mapping[str, Severity],
    docs: Path,
) -> set[Key]:
    """Returns the measures out of bounds, and writes Data Docs (HTML) to the folder `docs`.

    Nothing is written outside `docs`, nothing is sent anywhere.

    Raises:
        ValidationError: Great Expectations couldn't judge an expectation.
    """
    # Read at import: no analytics.
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx
    import pandas as pd

    groups = _group(measures)
    context = gx.get_context(mode="ephemeral", project_config=_project(docs))
    suite = gx.ExpectationSuite(
        name="lt4rec",
        expectations=[
            gx.expectations.ExpectColumnValuesToBeBetween(
                column=title,
                min_value=low if math.isfinite(low) else None,
                max_value=high if math.isfinite(high) else None,
                severity=_SEVERITIES[severities[name]],
                notes=expectations[name].about,
            )
            for title, (name, low, high, _) in groups.items()
        ],
    )
    batch = (
        context.data_sources.add_pandas("lt4rec")
        .add_dataframe_asset("profile")
        .add_batch_definition_whole_dataframe("every row of every day used")
    )
    definition = gx.ValidationDefinition(name="lt4rec", data=batch, suite=context.suites.add(suite))
    result = context.validation_definitions.add(definition).run(
        run_id=gx.RunIdentifier(run_name="validate"),
        batch_parameters={"dataframe": pd.DataFrame(_profile(groups))},
        result_format={
            "result_format": "COMPLETE",
            "unexpected_index_column_names": ["column", "day"],
        },
    )
    context.build_data_docs()
    make_self_contained(docs)
    return {key for judged in result.results for key in _failed(judged, groups)}


Group = tuple[str, float, float, dict[tuple[str, str], Measure]]
"""Expectation, low, high, and the measures by column and day: one column of the profile."""


def _group(measures: Mapping[str, list[Measure]]) -> dict[str, Group]:
    groups: dict[str, Group] = {}
    for name, taken in measures.items():
        for measure in taken:
            if measure.seen is None:
                continue
            title = f"{name}: {allowed(measure.low, measure.high)}"
            group = groups.setdefault(title, (name, measure.low, measure.high, {}))
            place = (measure.column, measure.day)
            if place in group[3]:
                raise ValidationError(
                    f"expectation {name!r} measures {measure.column!r} twice on {measure.day}; "
                    "expected one measure for each column and day"
                )
            group[3][place] = measure
    return groups


def _profile(groups: Mapping[str, Group]) -> dict[str, list[Any]]:
    places = list(dict.fromkeys(place for group in groups.values() for place in group[3]))
    profile: dict[str, list[Any]] = {
        "column": [column for column, _ in places],
        "day": [day for _, day in places],
    }
    for title, (_, _, high, taken) in groups.items():
        profile[title] = [
            _number(taken[place], high) if place in taken else None for place in places
        ]
    return profile


def _number(measure: Measure, high: float) -> float | None:
    """The number seen; NaN, which would pass for missing, is put out of bounds."""
    if measure.seen is not None and math.isnan(measure.seen):
        return math.inf if math.isfinite(high) else -math.inf
    return measure.seen if measure.seen is None else float(measure.seen)


def _failed(judged: Any, groups: Mapping[str, Group]) -> Iterator[Key]:
    title = judged.expectation_config.kwargs["column"]
    if judged.success:
        return
    broken = judged.result.get("unexpected_index_list")
    if not broken:
        raise ValidationError(
            f"Great Expectations couldn't judge {title!r}: {judged.exception_info}"
        )
    for row in broken:
        yield groups[title][0], row["column"], row["day"]


def _project(docs: Path) -> Any:
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "store_backend": {
            "class_name": "TupleFilesystemStoreBackend",
            "base_directory": str(docs.absolute()),
        },
    }
    return DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        data_docs_sites={"lt4rec": site},
        progress_bars=ProgressBarsConfig(globally=False),
        analytics_enabled=False,
    )
