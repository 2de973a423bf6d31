"""The days of a model, one after the other, and what about them is worth an alert."""

from lt4rec_core.monitoring.alerts import Alert, alerts_of, judge_day
from lt4rec_core.monitoring.day import Day, TaskDay

__all__ = ["Alert", "Day", "TaskDay", "alerts_of", "judge_day"]
