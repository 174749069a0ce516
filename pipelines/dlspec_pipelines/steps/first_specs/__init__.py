"""From one's own file to a spec that runs: how it is read, what its columns are, a first model."""
