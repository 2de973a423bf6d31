"""Lets `python -m pipelines.cli` do what `lt4rec` does."""

from pipelines.cli.commands import main

if __name__ == "__main__":
    main()
