"""Reports: drawn from a ResultsDir, nothing computed."""

from repalign.report.page import render, write_report

__all__ = ["render", "write_report"]
