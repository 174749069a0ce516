"""Promotion: which run is the champion of a name, and on what evidence."""

from dlspec_pipelines.steps.promotion.promote import current, promote

__all__ = ["current", "promote"]
