"""Sound files: what a uri names, its samples, and its windows."""
