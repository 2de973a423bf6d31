"""A made-up world with a known truth, and its logs in the events layout."""

from lt4rec_core.data.synthetic.generate import generate

__all__ = ["generate"]
