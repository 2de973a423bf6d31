"""Wiring only: the DAGs, their configurations and the command line."""
