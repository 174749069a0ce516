"""The report of a run: one HTML page, and the same in short as Markdown."""

from pipelines.steps.reports.page import render

__all__ = ["render"]
