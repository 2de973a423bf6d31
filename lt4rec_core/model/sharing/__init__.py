"""How tasks share a network: one method a file, all in a literal registry."""
