"""Section of the configuration about watching the days of a model that is retrained daily."""

from __future__ import annotations

from pydantic import Field

from lt4rec_core.config.data import Severity
from lt4rec_core.config.section import section


@section
class Webhook:
    """Where alerts are posted; nothing is sent while there is no URL.

    A URL whose path holds a token isn't a setting either: where `url` is empty, it's what
    the environment variable `url_variable` says, if anything. The secret that signs them
    is never a setting: it's in the environment variable `secret_variable`, or in the file
    `secret_file` where that is given.
    """

    url: str = ""
    url_variable: str = "LT4REC_WEBHOOK_URL"
    secret_variable: str = "LT4REC_WEBHOOK_SECRET"  # noqa: S105 (a name, not a secret)
    secret_file: str = ""
    allow_http: bool = False
    timeout_seconds: float = Field(default=10.0, gt=0)
    retries: int = Field(default=4, ge=0)
    backoff_seconds: float = Field(default=1.0, ge=0)


@section
class Monitor:
    """What makes a day worth an alert; ratios are to the mean of the days in a window.

    A window of fewer than `min_days` measured days isn't judged. A metric alerts where it
    is worse than its window's mean by more than `max_deviations` standard deviations and
    by more than the share `max_metric_loss` of the mean. Tasks with too few events on a day
    aren't judged on it.
    """

    severity: dict[str, Severity] = Field(default_factory=dict)
    windows: tuple[int, ...] = (7, 28)
    min_days: int = Field(default=3, ge=2)
    max_psi: float = Field(default=0.25, gt=0)
    label_rate_ratio: tuple[float, float] = (0.67, 1.5)
    volume_ratio: tuple[float, float] = (0.5, 2.0)
    calibration_ratio: tuple[float, float] = (0.8, 1.25)
    max_deviations: float = Field(default=3.0, ge=0)
    max_metric_loss: float = Field(default=0.02, ge=0)
    max_champion_age_days: int = Field(default=7, ge=1)
    webhook: Webhook = Field(default_factory=Webhook)
