"""Reports and figures: drawn from a ResultsDir, nothing computed."""

from repalign.report.drawing import Drawing
from repalign.report.export import write_figures
from repalign.report.figures import all_drawings
from repalign.report.page import render, write_report

__all__ = ["Drawing", "all_drawings", "render", "write_figures", "write_report"]
