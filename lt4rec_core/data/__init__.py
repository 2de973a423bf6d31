"""From raw logs to encoded datasets and batches."""
