"""`dlspec new`: a spec that runs as it is."""
