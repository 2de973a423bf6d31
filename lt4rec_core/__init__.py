"""LT4REC: multi-task recommenders that share single connections of one network."""

__version__ = "0.1.0"
