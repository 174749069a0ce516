"""`dlspec dev`: the Dagster UI over a project, kept up to date."""
