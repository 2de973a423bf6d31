"""Data Docs that need no network: what they would load from elsewhere is taken out."""

from __future__ import annotations

import re
from pathlib import Path

_REMOTE = (
    re.compile(r"<script[^>]*\bsrc=[\"']https?://[^>]*>\s*</script>", re.IGNORECASE),
    re.compile(r"<link[^>]*\bhref=[\"']https?://[^>]*>", re.IGNORECASE),
    re.compile(r"<img[^>]*\bsrc=[\"']https?://[^>]*>", re.IGNORECASE),
)


def make_self_contained(docs: Path) -> None:
    """Rewrites every page below `docs` so that it loads nothing but files beside it."""
    for page in docs.rglob("*.html"):
        html = page.read_text(encoding="utf-8")
        for remote in _REMOTE:
            html = remote.sub("", html)
        page.write_text(html, encoding="utf-8")
