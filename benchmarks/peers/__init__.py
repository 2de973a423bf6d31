"""Scripts that run in an environment of their own, beside this project's."""
