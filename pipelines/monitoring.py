"""What the days of a model look like to an operator, and who is told of it."""

from __future__ import annotations

import dataclasses
from typing import Any

from components.history import read_days
from components.store import Store
from lt4rec_core.config import Monitor
from lt4rec_core.errors import DeliveryError, InputError
from lt4rec_core.monitoring import Alert, Day, alerts_of, judge_day
from lt4rec_core.monitoring.webhook import (
    Clock,
    check_url,
    deliver,
    delivery_id,
    read_secret,
    with_url,
)

SENT = "lt4rec.alerts.sent"
"""Tag of a pipeline run: the delivery of the alerts of its day that was taken last."""


@dataclasses.dataclass(frozen=True)
class Judgement:
    """A day with its alerts; `undelivered` is why they couldn't be handed over."""

    model: str
    day: Day
    alerts: tuple[Alert, ...]
    delivery: str = ""
    undelivered: DeliveryError | None = None

    @property
    def errors(self) -> int:
        """How many alerts are of severity error."""
        return sum(alert.severity == "error" for alert in self.alerts)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values: what `lt4rec monitor --json` prints."""
        return {**message(self), "delivery": self.delivery or None}


def history(store: Store, name: str, settings: Monitor) -> dict[str, Any]:
    """Returns all days of the model `name` with their alerts, as plain JSON values.

    Raises:
        ConfigError: [monitor] can't be used.
        StoreError: MLflow can't be read.
    """
    days = read_days(store, name)
    alerts = alerts_of(settings, days)
    return {
        "model": name,
        "champion": next((day.version for day in days if day.is_champion), None),
        "days": [
            {**day.to_json(), "alerts": [alert.to_json() for alert in alerts[day.run_id]]}
            for day in days
        ],
    }


def monitor(
    store: Store,
    name: str,
    settings: Monitor,
    data_date: str = "",
    clock: Clock | None = None,
) -> Judgement:
    """Judges one day, by default the latest, and hands its alerts to the webhook, if there is one.

    Alerts that the webhook has taken already aren't sent again. A day without a run is
    judged too: that it's missing is an alert.

    Raises:
        ConfigError: [monitor] can't be used, or the webhook's secret is missing.
        InputError: there are no days to judge.
        StoreError: MLflow can't be read.
    """
    hook = with_url(settings.webhook)
    settings = dataclasses.replace(settings, webhook=hook)
    secret = b""
    if hook.url:  # what is wrong with the settings is said on quiet days too
        check_url(hook)
        secret = read_secret(hook)
    days = read_days(store, name)
    day, before = _pick(days, name, data_date)
    judged = Judgement(name, day, judge_day(settings, day, before))
    if not hook.url or not judged.alerts:
        return judged
    try:
        return dataclasses.replace(
            judged, delivery=_hand_over(store, settings, secret, judged, clock)
        )
    except DeliveryError as error:
        return dataclasses.replace(judged, undelivered=error)


def message(judged: Judgement) -> dict[str, Any]:
    """Returns what the webhook is told: the same for the same alerts."""
    return {
        "format": 1,
        "model": judged.model,
        "date": judged.day.date,
        "run_id": judged.day.run_id,
        "version": judged.day.version,
        "severity": judged.alerts[0].severity if judged.alerts else None,
        "alerts": [alert.to_json() for alert in judged.alerts],
    }


def _hand_over(
    store: Store, settings: Monitor, secret: bytes, judged: Judgement, clock: Clock | None
) -> str:
    content, run_id = message(judged), judged.day.run_id
    if run_id and store.tags(run_id).get(SENT) == delivery_id(content):
        return delivery_id(content)
    delivery = deliver(settings.webhook, secret, content, clock)
    if run_id:
        store.set_tags(run_id, {SENT: delivery})
    return delivery


def _pick(days: list[Day], name: str, data_date: str) -> tuple[Day, list[Day]]:
    if not data_date:
        if not days:
            raise InputError(f"{name!r} has no days yet; run `lt4rec run` first, or give --date")
        return days[-1], days[:-1]
    before = [day for day in days if day.date < data_date]
    found = next((day for day in days if day.date == data_date), None)
    failure = "no run of this day is in the store"
    return found or Day(data_date, "", "missing", failure=failure), before
