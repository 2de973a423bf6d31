"""All checks. A new one is one entry here, and one bad day in the contract test."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from lt4rec_core.config.data import Severity
from lt4rec_core.errors import ConfigError
from lt4rec_core.monitoring.check import Check
from lt4rec_core.monitoring.operation import CHAMPION_AGE, FAILED_RUN, LATE_DATA, MISSED_DAY
from lt4rec_core.monitoring.quality import METRIC, MTL_GAIN
from lt4rec_core.monitoring.quantity import CALIBRATION, DRIFT, LABEL_RATE, VOLUME

CHECKS: dict[str, Check] = {
    "failed_run": FAILED_RUN,
    "missed_day": MISSED_DAY,
    "late_data": LATE_DATA,
    "champion_age": CHAMPION_AGE,
    "metric": METRIC,
    "mtl_gain": MTL_GAIN,
    "label_rate": LABEL_RATE,
    "calibration": CALIBRATION,
    "volume": VOLUME,
    "drift": DRIFT,
}


def severities(changed: Mapping[str, Severity]) -> dict[str, Severity]:
    """Returns the severity of every check: its own, unless `changed` has another.

    Raises:
        ConfigError: `changed` names a check that doesn't exist.
    """
    for name in changed:
        if name not in CHECKS:
            near = difflib.get_close_matches(name, CHECKS, n=1, cutoff=0.4)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {sorted(CHECKS)}"
            raise ConfigError(f"[monitor.severity] names no check with {name!r}; {hint}")
    return {name: changed.get(name, check.severity) for name, check in CHECKS.items()}
