"""The code location: Dagster wires the steps of `pipelines.steps` into assets."""
