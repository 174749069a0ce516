"""All of Dagster: assets, checks, schedules, sensors, resources, the instance."""
