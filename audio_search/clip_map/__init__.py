"""The map: all clips as dots in a plane, those that sound alike near one another."""
