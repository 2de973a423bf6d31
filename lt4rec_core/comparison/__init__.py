"""Sharing methods under the same rules: arms trained alike, judged alike, held side by side."""
