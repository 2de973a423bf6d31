"""Whatever the data says, a page shows it as text."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from lt4rec_core.config import from_mapping
from lt4rec_core.data.synthetic import generate
from lt4rec_core.report import ReportInput, html
from lt4rec_core.stages.ingest import ingest
from lt4rec_core.stages.validate import validate
from lt4rec_core.tracking import SilentTracker

ATTACK = "</title></style><script>document.title='taken'</script><img src=x onerror=alert(1)>\"'"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class Active(HTMLParser):
    """Collects what a browser would run or fetch, and the text of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.scripts: list[str] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        if tag in ("img", "iframe", "object", "embed", "base", "form"):
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith("on") and value not in OWN_HANDLERS:
                self.found.append(f"{name}={value}")
            if (value or "").strip().lower().startswith("javascript:"):
                self.found.append(f"{name}={value}")

    def handle_data(self, data: str) -> None:
        if self._inside == "script" and data.strip():
            self.scripts.append(data)


# Great Expectations' buttons; what they call is the one script that is put into its pages.
OWN_HANDLERS = ("showAllValidations()", "hideSucceededValidations()")


def attacked() -> ReportInput:
    failed = {
        "expectation": ATTACK,
        "severity": "error",
        "status": "failed",
        "message": ATTACK,
        "rows": [{ATTACK: ATTACK}],
    }
    return ReportInput(
        title=ATTACK,
        run={ATTACK: ATTACK, "data date": ATTACK},
        dataset={
            "digest": ATTACK,
            "schema_digest": ATTACK,
            "source": {"kind": ATTACK, "location": ATTACK, "fingerprint": ATTACK},
            "time_zone": ATTACK,
            "days": [{"day": ATTACK, "split": "train", "rows": 5, "labels": {ATTACK: 1.0}}],
            "read": {ATTACK: 5},
            "dropped": {ATTACK: 1},
        },
        validation={"errors": 1, "results": [failed]},
        model={"name": ATTACK, "version": ATTACK, "alias": "champion", "uri": ATTACK},
        seconds={ATTACK: 1.0},
        config={ATTACK: [ATTACK]},
    )


def test_the_report_shows_markup_as_text():
    page = Active(html(attacked()))
    assert page.found == []
    assert page.scripts == []


@pytest.mark.parametrize("part", [field.name for field in dataclasses.fields(ReportInput)])
def test_no_part_of_the_report_is_trusted(part):
    given = getattr(attacked(), part)
    summary = ReportInput(title="x") if part != "title" else ReportInput(title=ATTACK)
    page = Active(html(dataclasses.replace(summary, **{part: given})))
    assert (page.found, page.scripts) == ([], [])


@pytest.fixture(scope="module")
def docs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages of a validation that fails on rows full of markup."""
    root = tmp_path_factory.mktemp("docs")
    column = f"{ATTACK} column"
    config = from_mapping(
        {
            "synthetic": {"days": 3, "rows_per_day": 150, "users": 30, "items": 40},
            "ingest": {"train_days": 1, "events": {"allow_extra_columns": True}},
            "fields": [{"name": "tab", "column": column}, {"name": "user_id"}],
            "validate": {"max_null_share": 0.0, "sample_rows": 5},
        }
    )
    logs = generate(config.synthetic, root / "logs", SilentTracker())
    for file in (logs / "impressions").rglob("*.parquet"):
        frame = pl.read_parquet(file)
        third = pl.int_range(pl.len()) % 3 == 0
        frame.with_columns(
            pl.when(third).then(None).otherwise(pl.lit(ATTACK)).alias(column),
            (ATTACK + pl.col("user_id")).alias("user_id"),
        ).write_parquet(file)
    dataset = ingest(config, str(logs), "2026-01-03", root / "dataset", SilentTracker())
    outcome = validate(config, dataset, root / "out", SilentTracker())
    assert "null_share" in {result.expectation for result in outcome.failures}
    return root / "out" / "data_docs"


def test_data_docs_show_markup_as_text(docs):
    pages = sorted(docs.rglob("*.html"))
    assert len(pages) >= 2
    for page in pages:
        active = Active(page.read_text(encoding="utf-8"))
        assert active.found == [], page
        assert not [script for script in active.scripts if "taken" in script], page
    assert "document.title=" in (docs / "index.html").read_text(encoding="utf-8")


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
def test_a_browser_runs_nothing_of_the_data(tmp_path, docs):
    report = tmp_path / "report.html"
    report.write_text(html(attacked()), encoding="utf-8")
    for page in (report, docs / "index.html"):
        shown = subprocess.run(
            [
                *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"),
                *(f"--user-data-dir={tmp_path / 'profile'}", page.as_uri()),
            ],
            capture_output=True,
            text=True,
            check=True,
            env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        ).stdout
        assert "<title>taken" not in shown
        assert Active(shown).found == []
