"""Data Docs that need no network: what they would load from elsewhere is taken out.

Great Expectations' pages fetch Bootstrap, jQuery and icons from five hosts, and their
index is empty without them. Here each page carries one small stylesheet and one small
script, and the index is written anew.
"""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from lt4rec_core.validation.outcome import ExpectationResult

_FETCHED = re.compile(
    r"<script\b.*?</script>"
    r"|<link\b[^>]*>"
    r"|<img\b[^>]*>"
    r"|<footer\b.*?</footer>"
    r"|background:\s*url\([^)]*\)[^;]*;",
    re.IGNORECASE | re.DOTALL,
)

_STYLE = """
:root { color-scheme: light; }
body { margin: 0; font: 14px/1.45 system-ui, sans-serif; color: #222; background: #fff; }
a { color: #0b5cad; text-decoration: none; }
.navbar ol { display: flex; gap: .5em; list-style: none; margin: 0; padding: 1em; }
.breadcrumb-item + .breadcrumb-item::before { content: "/ "; color: #999; }
.container-fluid { padding: 0 1em; }
body > .container-fluid > .row { display: flex; gap: 2em; align-items: flex-start; }
.col-md-2 { flex: 0 0 17em; position: sticky; top: 1em; }
.col-md-10 { flex: 1; min-width: 0; }
.card { border: 1px solid #ddd; border-radius: 6px; margin-bottom: 1em; }
.card-header { background: #f4f5f7; padding: .5em .8em; }
.card-body { padding: .5em .8em; }
.nav { list-style: none; padding: 0; margin: 0; width: 100%; overflow: auto; }
.sticky { position: static; }
.ge-section { margin: 0 0 .8em; padding: 0; }
.alert { background: #f4f5f7; padding: .4em .8em; border-radius: 6px 6px 0 0; }
.alert h5 { margin: 0; font-size: 1em; }
.table { width: 100%; border-collapse: collapse; border: 1px solid #eee; }
.table th, .table td { text-align: left; vertical-align: top; padding: .3em .8em; }
.table td, .table-bordered td, .table-bordered th { border-top: 1px solid #eee; }
.table-bordered { border-collapse: collapse; margin-top: .5em; }
.table > tbody > tr > td:first-child { width: 4em; }
.badge { background: #e7eaee; border-radius: 4px; padding: 0 .4em; }
[data-toggle="collapse"] { display: none; }
.text-success, .passed { color: #17803d; }
.text-danger, .error { color: #b42318; }
.warning { color: #9a6700; }
.fa-check-circle::before { content: "\\2713"; font-style: normal; }
.fa-times::before { content: "\\2717"; font-style: normal; }
.fa-exclamation-triangle::before { content: "!"; font-style: normal; }
"""

_SCRIPT = """
function show(succeeded) {
  const parts = ".hide-succeeded-validation-target-child,"
    + ".hide-succeeded-validations-column-section-target-child";
  document.querySelectorAll(parts).forEach(part => {
    const section = part.closest(".ge-section");
    section.hidden = !succeeded && !section.querySelector(".text-danger");
  });
}
function showAllValidations() { show(true); }
function hideSucceededValidations() { show(false); }
"""


def make_self_contained(docs: Path) -> None:
    """Rewrites every page below `docs` so that it loads nothing at all."""
    shutil.rmtree(docs / "static", ignore_errors=True)
    own = f"<style>{_STYLE}</style>\n<script>{_SCRIPT}</script>\n</head>"
    for page in docs.rglob("*.html"):
        text = _FETCHED.sub("", page.read_text(encoding="utf-8"))
        page.write_text(text.replace("</head>", own, 1), encoding="utf-8")


def write_index(docs: Path, results: Iterable[ExpectationResult]) -> None:
    """Writes `index.html`: the pages below `docs`, and what failed or couldn't be measured."""
    taken = list(results)
    pages = sorted(page.relative_to(docs) for page in docs.rglob("*/*.html"))
    links = "".join(f'<li><a href="{page.as_posix()}">{_page(page)}</a></li>' for page in pages)
    failed = sorted((r for r in taken if r.status == "failed"), key=lambda r: r.severity)
    findings = "".join(_row(r) for r in failed) or "<tr><td>Nothing failed.</td></tr>"
    skipped = "".join(_row(r) for r in taken if r.status == "skipped")
    more = f'<h2>Not measured</h2><table class="table">{skipped}</table>' if skipped else ""
    (docs / "index.html").write_text(
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>Data validation</title><style>{_STYLE}</style></head>\n"
        f'<body><div class="container-fluid"><h1>Data validation</h1>'
        f"<p>{sum(r.status == 'passed' for r in taken)} of {len(taken)} measures passed.</p>"
        f"<ul>{links}</ul><h2>Failed</h2>"
        f'<table class="table">{findings}</table>{more}</div></body></html>\n',
        encoding="utf-8",
    )


def _page(page: Path) -> str:
    return "Results" if page.parts[0] == "validations" else "Suite"


def _row(result: ExpectationResult) -> str:
    kind = result.severity if result.status == "failed" else result.status
    rows = "".join(f"<br><code>{html.escape(str(dict(row)))}</code>" for row in result.rows)
    message = html.escape(result.message)
    return f'<tr><td class="{kind}">{kind}</td><td>{message}{rows}</td></tr>'
