"""Days that changed after they ran: late data."""

from __future__ import annotations

from lt4rec_core.data.manifest import DayRecord, Manifest


def change_of(day: str, then: Manifest, now: Manifest) -> str:
    """Says how a day's data differs from what the day's own run saw; "" if it doesn't.

    Where the source's paths name days, files are compared; elsewhere the numbers of rows.
    Manifests of other logs aren't compared.
    """
    before, after = _record(then, day), _record(now, day)
    if before is None or after is None or _logs(then) != _logs(now):
        return ""
    told = f"{before.rows} rows when its day ran, {after.rows} now"
    if day in then.partitions and day in now.partitions:
        return told if then.partitions[day] != now.partitions[day] else ""
    return told if before.rows != after.rows else ""


def _record(manifest: Manifest, day: str) -> DayRecord | None:
    return next((record for record in manifest.days if record.day == day), None)


def _logs(manifest: Manifest) -> tuple[str, str]:
    return manifest.source.kind, manifest.source.location
