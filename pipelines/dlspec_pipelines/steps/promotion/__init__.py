"""Promotion: which run is the champion of a name, and on what evidence."""

from dlspec_pipelines.steps.promotion.promote import current_champion, promote

__all__ = ["current_champion", "promote"]
