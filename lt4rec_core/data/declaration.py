"""What the configuration asks of a source, checked before anything is read."""

from __future__ import annotations

from lt4rec_core.config import Config, FeatureField
from lt4rec_core.data.sources.source import Columns, Source
from lt4rec_core.errors import ConfigError
from lt4rec_core.tasks import EVERY_IMPRESSION, resolve

KEYS = ("row_id", "user", "item", "time", "length")
RESERVED = frozenset({*KEYS, "session"})
RESERVED_PREFIXES = ("label.", "id.", "known.")


def declare(config: Config, source: Source) -> Columns:
    """Returns the raw columns that fields and slices need.

    Raises:
        ConfigError: a field reads the outcome of an impression or a column that the
            dataset keeps for itself, two fields read one column differently, or a task
            or slice asks for a label that the source doesn't give.
    """
    _refuse_unknown_labels(config, source.labels(config.ingest))
    _refuse_unknown_slices(config)
    for field in config.fields:
        _refuse_outcome(field, source.outcomes(config.ingest))
        _refuse_reserved(field)
    slices = (cut.column for cut in config.evaluate.slices)
    raw = (name for name in slices if name not in KEYS and not name.startswith(RESERVED_PREFIXES))
    return Columns.of(config.fields, raw)


def _refuse_unknown_labels(config: Config, given: tuple[str, ...]) -> None:
    asked = [
        (f"task {task.name!r}", label)
        for task in resolve(config.tasks)
        for label in (task.label, task.population)
        if label != EVERY_IMPRESSION
    ]
    asked += [
        (f"slice {cut.name!r}", cut.column.removeprefix("label."))
        for cut in config.evaluate.slices
        if cut.column.startswith("label.")
    ]
    for who, label in asked:
        if label not in given:
            raise ConfigError(
                f"{who} asks for the label {label!r}, which source "
                f"{config.ingest.source!r} doesn't give; it gives {sorted(given)}"
            )


def _refuse_unknown_slices(config: Config) -> None:
    made = {"known.user", "known.item", *(f"id.{field.name}" for field in config.fields)}
    for cut in config.evaluate.slices:
        if cut.column.startswith(("known.", "id.")) and cut.column not in made:
            raise ConfigError(
                f"slice {cut.name!r} asks for {cut.column!r}, which no dataset has; of its own "
                f"columns there are {sorted(made)}"
            )


def _refuse_outcome(field: FeatureField, outcomes: frozenset[str]) -> None:
    if field.source_column in outcomes or field.source_column.startswith("label."):
        raise ConfigError(
            f"field {field.name!r} reads {field.source_column!r}, which describes the outcome of "
            "the impression and isn't known when it is scored; remove the field "
            f"(the source's outcomes are {sorted(outcomes)})"
        )


def _refuse_reserved(field: FeatureField) -> None:
    column = field.source_column
    if column in RESERVED or column.startswith(RESERVED_PREFIXES):
        raise ConfigError(
            f"field {field.name!r} reads {column!r}, a name that the dataset keeps for its own "
            f"column; reserved are {sorted(RESERVED)} and {list(RESERVED_PREFIXES)}: set the "
            "field's `column` to the source's own name, or rename the column in the source"
        )
