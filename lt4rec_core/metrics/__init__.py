"""One metric a file under its standard abbreviation."""
