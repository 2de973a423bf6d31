"""Reads all features of a TFRecord file with the package `tfrecord`."""

from __future__ import annotations

import sys

from serve import serve
from tfrecord.reader import example_loader


def read() -> None:
    """Decodes every record of the file that is the first argument."""
    for _ in example_loader(sys.argv[1], None):
        pass


if __name__ == "__main__":
    serve(read)
