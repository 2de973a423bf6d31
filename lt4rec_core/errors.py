"""Every error that the project raises on purpose.

A message says what was seen, what was expected and what to do. The exit code
belongs to the kind of error, so that the command line has nothing to decide.
"""


class LT4RECError(Exception):
    """Root of all errors raised on purpose; exit code 1."""

    exit_code = 1


class ConfigError(LT4RECError):
    """The configuration can't be used: unknown key, wrong type, contradiction."""

    exit_code = 2


class InputError(LT4RECError):
    """The source can't be used: missing, empty, truncated, unreadable or refused rows."""

    exit_code = 2


class ValidationError(LT4RECError):
    """The data was read, and an expectation of severity "error" failed."""

    exit_code = 3


class ArtifactError(LT4RECError):
    """A dataset, mask, checkpoint or model isn't what its manifest says, or doesn't fit."""


class TrainingError(LT4RECError):
    """Training can't go on: no samples for a task, or a loss that isn't finite."""


class WorkerError(LT4RECError):
    """One of the processes that train together is gone; running again goes on."""


class StoreError(LT4RECError):
    """The tracking store or the disk can't be written or read."""


class OutOfMemoryError(LT4RECError):
    """The machine, or the limit that it sets, has less memory than the work takes."""


class DeliveryError(LT4RECError):
    """Alerts couldn't be handed over to their receiver."""


class AlertError(LT4RECError):
    """A day was judged, and an alert of severity "error" came of it."""

    exit_code = 4


class ClusterError(LT4RECError):
    """The cluster's API can't be reached, or refuses what it was asked."""
