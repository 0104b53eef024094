"""Figure 4 and the heatmap of a training study: recovery after a window, and what a run reaches at best."""

from __future__ import annotations

from collections.abc import Sequence

from repalign.report.drawing import Drawing
from repalign.report.dynamics_axes import ONE_SEED, drawn_as
from repalign.report.dynamics_heatmap import Cells, draw_heatmaps
from repalign.report.dynamics_looks import kind_name, looks
from repalign.report.dynamics_recovery import MEANING, Window, draw_recovery
from repalign.report.labels import count, slug
from repalign.report.training_words import Row, alignment_name, loss_name, over_seeds, place_name, several

_BACK = {
    "loss": "epochs until loss is at most {excess:g} x baseline's",
    "alignment": "epochs until RSA is within {margin:g} of baseline's",
}
_MEDIAN = {"loss": "median", "alignment": "alignment_median"}
_INTERVAL = {"delta_max_rsa": "rsa", "delta_min_loss": "loss"}
_OVER_RUNS = (
    "Bars: the median over runs (Kaplan and Meier's, to which a run that is not back counts for as long as "
    "it was followed); dots: runs, of several seeds; arrowheads: runs that were not back."
)
_BEST = "what a run reaches from its window on, minus what its baseline reaches in all. White: no change."
STATES = ("recovered", "never", "censored")


def recovery_drawings(dynamics: Row) -> list[Drawing]:
    """Epochs to recovery, a drawing per kind and way of being back; panels are starts, bars are lengths."""
    found: list[Drawing] = []
    for kind in looks(dynamics["recovery"]):
        rows = [row for row in dynamics["recovery"] if row["kind"] == kind]
        for what, label in followed(dynamics).items():
            windows = [_window(row, what) for row in rows if row[what]]
            if windows:
                found.append(_drawing(dynamics, kind, what, label, windows))
    return found


def followed(dynamics: Row) -> dict[str, str]:
    """Ways of being back, with the names of their axes: alignment only where it was measured."""
    return {k: v for k, v in _BACK.items() if k == "loss" or dynamics["about"]["measure"] is not None}


def _window(row: Row, what: str) -> Window:
    runs = tuple((run["epochs"], run["status"], run["followed"]) for run in row[what])
    return Window(f"start {row['start']}", row["length"], runs, row[_MEDIAN[what]])


def _drawing(dynamics: Row, kind: str, what: str, label: str, windows: Sequence[Window]) -> Drawing:
    runs = [run for window in windows for run in window.runs]
    said = ", ".join(f"{sum(status == state for _, status, _ in runs)} {state}" for state in STATES)
    threshold = dynamics["about"]["threshold"]
    margin = (dynamics["recovery_summary"].get("alignment") or {}).get("margin", 0.01)
    shown = label.format(excess=1 + threshold, margin=margin)
    words = f"{count([len(windows)], 'windows')}, {count([len(runs)], 'runs')}: {said}"
    about = dynamics["about"]
    words += f"; {place_name(about)}" if what == "alignment" else ""
    words += "; no interval" if several(dynamics) else f"; {ONE_SEED}"
    more = MEANING
    if several(dynamics):
        more = f"{_OVER_RUNS} {MEANING}"
    name = slug("4", what, kind)
    title = f"4  Recovery of {what} after {kind_name(kind)}"
    return drawn_as(name, title, words, draw_recovery, [(shown, windows)], alt=said, more=more)


def heatmap_drawings(dynamics: Row) -> list[Drawing]:
    """Lowest loss and highest RSA of runs minus the baseline's, by start and length; a drawing per kind."""
    found: list[Drawing] = []
    about = dynamics["about"]
    names = {
        "delta_max_rsa": f"highest {alignment_name(about['measure'])}",
        "delta_min_loss": f"lowest {loss_name(about['loss'])}",
    }
    for kind in looks(dynamics["extremes"]):
        rows = [row for row in dynamics["extremes"] if row["kind"] == kind]
        panels = [(name, _cells(rows, what)) for what, name in names.items()]
        panels = [(name, cells) for name, cells in panels if any(cell[2] is not None for cell in cells)]
        if not panels:
            continue
        words = f"{count([len(rows)], 'cells')}; {place_name(about)}; {over_seeds(rows)}"
        more = f"Each cell: {_BEST}"
        if several(dynamics):
            more = f"Each cell: the mean over seeds of {_BEST} Framed: the interval leaves out 0."
        title = f"Heatmap  {kind_name(kind)}: best values of a run minus the baseline's"
        found.append(drawn_as(slug("heatmap", kind), title, words, draw_heatmaps, panels, more=more))
    return found


def _cells(rows: Sequence[Row], what: str) -> Cells:
    return [(row["start"], row["length"], row[what], _apart(row, what)) for row in rows]


def _apart(row: Row, what: str) -> bool:
    low, high = row[f"{_INTERVAL[what]}_low"], row[f"{_INTERVAL[what]}_high"]
    return low is not None and high is not None and (low > 0 or high < 0)
