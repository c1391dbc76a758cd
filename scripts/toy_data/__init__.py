"""Rendering of the toy corpus (see toy-data/README.md)."""
