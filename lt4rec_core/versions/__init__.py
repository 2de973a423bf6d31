"""Two versions of a model, held side by side."""
