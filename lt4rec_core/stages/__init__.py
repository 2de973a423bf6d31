"""One stage = one function = one component = one DAG node."""
