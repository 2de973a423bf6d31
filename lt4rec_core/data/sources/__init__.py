"""Where raw impressions come from: one source a file, all in a literal registry."""
