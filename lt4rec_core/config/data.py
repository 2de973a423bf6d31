"""Sections of the configuration about data: ingest, fields, validate."""

from __future__ import annotations

import datetime
from typing import Literal

from pydantic import Field

from lt4rec_core.config.section import section

Severity = Literal["error", "warning", "off"]

_YEAR_MINUTES = 366 * 1440
# Rows of one embedding table have numbers of 32 bits.
_MOST_IDS = 1_000_000_000


@section
class S3:
    """How `s3://` sources are reached; credentials come from the named AWS profile or chain."""

    endpoint_url: str = ""
    region: str = "us-east-1"
    profile: str = ""
    allow_http: bool = False
    timeout_seconds: float = Field(default=30.0, gt=0)
    retries: int = Field(default=3, ge=0)


@section
class Events:
    """Raw impression, click and play streams; names on the right are the log's own columns."""

    impressions: str = "impressions"
    clicks: str = "clicks"
    plays: str = "plays"
    join: Literal["impression_id", "user_item_request"] = "impression_id"
    impression_id: str = "impression_id"
    user: str = "user_id"
    item: str = "item_id"
    request: str = "request_id"
    time: str = "timestamp"
    time_unit: Literal["s", "ms", "us"] = "ms"
    play_time: str = "play_time_ms"
    duration: str = "duration_ms"
    outcomes: tuple[str, ...] = ()
    click_window_minutes: float = Field(default=60.0, gt=0, le=_YEAR_MINUTES)
    play_window_minutes: float = Field(default=240.0, gt=0, le=_YEAR_MINUTES)
    allow_extra_columns: bool = False


@section
class KuaiRand:
    """The public data set's native CSV files, by glob pattern below the source folder."""

    log: str = "log_standard_*_pure.csv"
    users: str = "user_features_pure.csv"
    videos: str = "video_features_basic_pure.csv"


@section
class TFRecord:
    """TFRecord Examples: which features of an Example are labels, keys and outcomes."""

    pattern: str = "*.gz"
    click: str = "label"
    watch_ratio: str = "cvrlabel"
    user: str = ""
    item: str = ""
    duration: str = ""
    duration_unit: Literal["s", "ms"] = "s"
    session: str = ""
    session_separator: str = ""
    outcomes: tuple[str, ...] = ()


@section
class Table:
    """Floor, cap and hash buckets of one embedding table; 0 takes the section's own default."""

    min_count: int = Field(default=0, ge=0, le=_MOST_IDS)
    max_ids: int = Field(default=0, ge=0, le=_MOST_IDS)
    oov_buckets: int = Field(default=0, ge=0, le=_MOST_IDS)


@section
class Ingest:
    """From raw logs to one encoded dataset.

    A scheduled run's data date is the day, in `time_zone`, that lay `delay_hours` before
    the scheduled time. The days of `exclude_dates` are never read: they leave gaps in the
    windows of other days, and have no run of their own. An id that no training day of
    `retire_days` has shown is retired: a new one may take its place in a daily run; 0
    keeps all ids for ever.
    """

    source: str = "events"
    time_zone: str = "UTC"
    delay_hours: float = Field(default=24.0, ge=0)
    train_days: int = Field(default=7, ge=1, le=3660)
    exclude_dates: tuple[datetime.date, ...] = ()
    validation_share: float = Field(default=0.1, gt=0, lt=0.5)
    test_share: float = Field(default=0.2, gt=0, lt=0.5)
    max_unparsable_share: float = Field(default=0.01, ge=0, le=1)
    min_count: int = Field(default=2, ge=1, le=_MOST_IDS)
    max_ids: int = Field(default=1_000_000, ge=1, le=_MOST_IDS)
    oov_buckets: int = Field(default=16, ge=1, le=_MOST_IDS)
    retire_days: int = Field(default=28, ge=0, le=3660)
    row_group_rows: int = Field(default=131_072, ge=1, le=1 << 30)
    tables: dict[str, Table] = Field(default_factory=dict)
    events: Events = Field(default_factory=Events)
    kuairand: KuaiRand = Field(default_factory=KuaiRand)
    tfrecord: TFRecord = Field(default_factory=TFRecord)
    s3: S3 = Field(default_factory=S3)


@section
class FeatureField:
    """One input field of the network.

    `column` is the source's column (the field's name by default); fields that
    name the same `table` share one embedding table. A numeric field is cut into
    buckets, at `boundaries` or at quantiles fitted on the training days.
    """

    name: str
    column: str = ""
    values: Literal["single", "multi"] = "single"
    separator: str = Field(default=",", min_length=1)
    table: str = ""
    kind: Literal["categorical", "numeric"] = "categorical"
    buckets: int = Field(default=16, ge=2, le=1_000_000)
    boundaries: tuple[float, ...] = ()

    @property
    def source_column(self) -> str:
        """Name of the raw column that the field reads."""
        return self.column or self.name

    @property
    def table_name(self) -> str:
        """Name of the embedding table that the field looks up."""
        return self.table or self.name


@section
class Validate:
    """What is checked on every row before any training, how strictly, and at which severity."""

    severity: dict[str, Severity] = Field(default_factory=dict)
    max_null_share: float = Field(default=0.5, ge=0, le=1)
    null_share: dict[str, float] = Field(default_factory=dict)
    min_rows: int = Field(default=100, ge=1)
    volume_ratio: tuple[float, float] = (0.5, 2.0)
    click_rate: tuple[float, float] = (0.001, 0.95)
    click_rate_ratio: tuple[float, float] = (0.67, 1.5)
    label_mean_ratio: tuple[float, float] = (0.67, 1.5)
    user_count_ratio: tuple[float, float] = (0.6, 1.7)
    max_top_ratio: float = Field(default=3.0, gt=1)
    max_silent_hours: int = Field(default=4, ge=1)
    max_copied_share: float = Field(default=0.1, ge=0, le=1)
    max_psi: float = Field(default=0.25, gt=0)
    max_shift_psi: float = Field(default=1.0, gt=0)
    min_known_ratio: float = Field(default=0.3, ge=0, le=1)
    max_leakage_auc: float = Field(default=0.98, gt=0.5, le=1)
    max_oov_share: float = Field(default=0.9, ge=0, le=1)
    reference_days: int = Field(default=7, ge=1)
    sample_rows: int = Field(default=5, ge=0)


@section
class Synthetic:
    """A made-up world with a known truth, logged in the events layout.

    `conflict` turns content away from the cover: 0 = they agree, 0.5 = unrelated,
    1 = opposite. `noise` is the share of each flaw (duplicates, orphans, late events,
    rows without a duration). `stay_days`: users and items come no more that many days after
    their first (None: they stay for good). Days are UTC days.
    """

    seed: int = Field(default=0, ge=0)
    start_date: datetime.date = datetime.date(2026, 1, 1)
    days: int = Field(default=10, ge=1)
    rows_per_day: int = Field(default=7000, ge=1)
    users: int = Field(default=1200, ge=1)
    new_users_per_day: int = Field(default=25, ge=0)
    items: int = Field(default=1000, ge=10)
    new_items_per_day: int = Field(default=30, ge=0)
    stay_days: int | None = Field(default=None, ge=1)
    tags: int = Field(default=48, ge=8)
    conflict: float = Field(default=0.5, ge=0, le=1)
    noise: float = Field(default=0.004, ge=0, le=0.2)
    format: Literal["parquet", "csv", "jsonl"] = "parquet"
    compression: Literal["none", "gz", "zst"] = "zst"
    partition: Literal["date", "hour"] = "date"
    chunk_rows: int = Field(default=65_536, ge=1)
