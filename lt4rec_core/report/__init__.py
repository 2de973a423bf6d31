"""One self-contained HTML page per run."""

from lt4rec_core.report.input import ReportInput
from lt4rec_core.report.page import html, render

__all__ = ["ReportInput", "html", "render"]
