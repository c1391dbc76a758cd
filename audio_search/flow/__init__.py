"""The Flow's processes."""
