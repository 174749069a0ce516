"""The report of a run: one HTML page, and the same in short as Markdown."""

from dlspec_pipelines.steps.reports.report_page import write_report

__all__ = ["write_report"]
