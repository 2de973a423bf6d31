"""Where raw impressions come from: one source a file, all in a literal registry."""

from lt4rec_core.data.sources.registry import SOURCES, find
from lt4rec_core.data.sources.source import Columns, DayRead, Source

__all__ = ["SOURCES", "Columns", "DayRead", "Source", "find"]
