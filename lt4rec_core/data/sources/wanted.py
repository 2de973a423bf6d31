"""Columns that a file must have, and what to say where it doesn't."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable

from lt4rec_core.errors import InputError


def missing_column(
    shown: str,
    wanted: Iterable[str],
    present: Collection[str],
    allowed: Collection[str] | None = None,
) -> None:
    """Checks a file's columns.

    Args:
        shown: what to call the file.
        wanted: columns that it must have.
        present: columns that it has.
        allowed: where given, the only columns that it may have.

    Raises:
        InputError: a column is missing (the nearest one present is named), or too many.
    """
    for name in wanted:
        if name in present:
            continue
        near = difflib.get_close_matches(name, list(present), n=1, cutoff=0.5)
        hint = f"; is it {near[0]!r} there?" if near else ""
        raise InputError(
            f"{shown} has no column {name!r}{hint} "
            f"It has: {', '.join(sorted(present)) or 'none'}. "
            "Mend the file, or name the column as it is in the configuration"
        )
    extra = sorted(set(present) - set(allowed)) if allowed is not None else []
    if extra:
        raise InputError(
            f"{shown} has columns that nothing declares: {', '.join(extra)}; declare them as "
            "fields or as ingest.events.outcomes, or set ingest.events.allow_extra_columns = true"
        )
