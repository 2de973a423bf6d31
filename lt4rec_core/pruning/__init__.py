"""Masks as values, and pruning as a pure function."""
