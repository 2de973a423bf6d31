"""All expectations. A new one is one entry here, and one poison in the contract test."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from lt4rec_core.config.data import Severity
from lt4rec_core.errors import ConfigError
from lt4rec_core.validation.click_rate import CLICK_RATE, CLICK_RATE_CHANGE
from lt4rec_core.validation.columns import COLUMN_PRESENT, COLUMN_TYPE
from lt4rec_core.validation.copies import COPIED_ROWS
from lt4rec_core.validation.drift import (
    DRIFT,
    DRIFT_SINCE_YESTERDAY,
    KNOWN_CHANGE,
    OOV_SHARE,
    SHIFT,
)
from lt4rec_core.validation.duplicates import DUPLICATES
from lt4rec_core.validation.expectation import Expectation
from lt4rec_core.validation.ids import ID_MISSING, ID_RANGE
from lt4rec_core.validation.label_mean import LABEL_MEAN_CHANGE
from lt4rec_core.validation.labels import LABEL_MISSING, LABEL_POPULATION, LABEL_RANGE, TASK_ROWS
from lt4rec_core.validation.leakage import LABEL_COPY, LEAKAGE
from lt4rec_core.validation.missing import KEY_MISSING, NULL_SHARE
from lt4rec_core.validation.order import DAY_ORDER, FUTURE_ROWS, STRAY_ROWS
from lt4rec_core.validation.silence import SILENT_HOURS
from lt4rec_core.validation.traffic import TOP_SHARE, USER_COUNT
from lt4rec_core.validation.volume import ROW_COUNT, ROW_VOLUME

EXPECTATIONS: dict[str, Expectation] = {
    "column_present": COLUMN_PRESENT,
    "column_type": COLUMN_TYPE,
    "key_missing": KEY_MISSING,
    "null_share": NULL_SHARE,
    "label_range": LABEL_RANGE,
    "label_missing": LABEL_MISSING,
    "label_population": LABEL_POPULATION,
    "task_rows": TASK_ROWS,
    "duplicates": DUPLICATES,
    "id_range": ID_RANGE,
    "id_missing": ID_MISSING,
    "row_count": ROW_COUNT,
    "row_volume": ROW_VOLUME,
    "user_count": USER_COUNT,
    "top_share": TOP_SHARE,
    "silent_hours": SILENT_HOURS,
    "copied_rows": COPIED_ROWS,
    "click_rate": CLICK_RATE,
    "click_rate_change": CLICK_RATE_CHANGE,
    "label_mean_change": LABEL_MEAN_CHANGE,
    "day_order": DAY_ORDER,
    "future_rows": FUTURE_ROWS,
    "stray_rows": STRAY_ROWS,
    "leakage": LEAKAGE,
    "label_copy": LABEL_COPY,
    "drift": DRIFT,
    "drift_since_yesterday": DRIFT_SINCE_YESTERDAY,
    "shift": SHIFT,
    "oov_share": OOV_SHARE,
    "known_change": KNOWN_CHANGE,
}


def asked_for(severity: Mapping[str, Severity]) -> dict[str, Expectation]:
    """Returns the expectations that aren't switched off, by name."""
    return {name: EXPECTATIONS[name] for name, how in severity.items() if how != "off"}


def severities(changed: Mapping[str, Severity]) -> dict[str, Severity]:
    """Returns the severity of every expectation: its own, unless `changed` has another.

    Raises:
        ConfigError: `changed` names an expectation that doesn't exist.
    """
    for name in changed:
        if name not in EXPECTATIONS:
            near = difflib.get_close_matches(name, EXPECTATIONS, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {sorted(EXPECTATIONS)}"
            raise ConfigError(f"[validate.severity] names no expectation with {name!r}; {hint}")
    return {name: changed.get(name, entry.severity) for name, entry in EXPECTATIONS.items()}
