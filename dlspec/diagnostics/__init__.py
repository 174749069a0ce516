"""Where text stands, what was found in it, and how it is told."""
