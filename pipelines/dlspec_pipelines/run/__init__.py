"""`dlspec run` in a terminal."""
