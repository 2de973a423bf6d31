"""The registered model: folded heads, scored with NumPy alone."""
