"""Polars counts violations over every row, Great Expectations judges the counts."""
