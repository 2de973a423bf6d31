"""What LT4REC costs, measured against the machine's limits and against peers."""
