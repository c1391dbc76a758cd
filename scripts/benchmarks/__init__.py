"""Measurements: each module has `run()`, which returns its figures, and `show(figures)`."""
