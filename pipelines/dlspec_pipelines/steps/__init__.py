"""The work behind the assets, as plain functions without Dagster."""
