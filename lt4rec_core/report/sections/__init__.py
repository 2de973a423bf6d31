"""Sections of a comparison's report: one file each, shown by Markdown and by the page alike."""
