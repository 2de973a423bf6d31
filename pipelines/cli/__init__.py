"""The command line `lt4rec`."""

from pipelines.cli.commands import app, main

__all__ = ["app", "main"]
