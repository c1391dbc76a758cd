"""Search sounds by sound."""

__version__ = '1.0.0'
