"""What a registered version says of itself: tags of what it was made of and how it was judged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lt4rec_core.stages.register import Registration

MODEL = "lt4rec.model"
"""Tag of a version: SHA-256 of its ranking.json, which has those of all other files."""
_TAG_CHARACTERS = 5000  # what older registries take


def version_tags(registration: Registration) -> dict[str, str]:
    """Tags of a version: what it was made of, and each comparison with its reason."""
    decision = registration.decision
    tags = {
        "lt4rec.accepted": str(decision.accepted).lower(),
        "lt4rec.data_date": registration.data_date or "",
        "lt4rec.dataset": registration.dataset,
        MODEL: registration.digest,
        "lt4rec.reasons": "\n".join(decision.reasons),
    }
    tags |= {f"lt4rec.mask.{task}": digest for task, digest in registration.masks.items()}
    for comparison in decision.comparisons:
        verdict = {True: "passed", False: "failed", None: "not judged"}[comparison.passed]
        tags[f"lt4rec.gate.{comparison.key}"] = f"{verdict}: {comparison.reason}"
    return dict(_fitting(tags))


def _fitting(tags: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Gives tags as the registry takes them: plain, distinct keys and values not too long."""
    seen: set[str] = set()
    for key, value in tags.items():
        plain = re.sub(r"[^\w.\- :]", "_", key.replace("=", ":"))[:240]
        name, number = plain, 2
        while name in seen:
            name, number = f"{plain}.{number}", number + 1
        seen.add(name)
        cut = len(value) > _TAG_CHARACTERS
        yield name, f"{value[: _TAG_CHARACTERS - 1]}…" if cut else value
