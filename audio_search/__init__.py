"""Search sounds by sound."""
