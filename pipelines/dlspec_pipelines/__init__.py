"""The code location: Dagster wires the steps of `dlspec_pipelines.steps` into assets."""
