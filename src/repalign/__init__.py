"""repalign: compare models with brains, behaviour and one another.

The public names are loaded when first used, so that ``import repalign`` is quick.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

from repalign.version import __version__

if TYPE_CHECKING:
    from repalign.benchmarks import Benchmark as Benchmark
    from repalign.benchmarks import Comparison as Comparison
    from repalign.benchmarks import Study as Study
    from repalign.benchmarks import benchmark as benchmark
    from repalign.benchmarks import compare as compare
    from repalign.benchmarks import compare_all as compare_all
    from repalign.benchmarks import differences as differences
    from repalign.benchmarks import own_benchmark as own_benchmark
    from repalign.benchmarks import run_study as run_study
    from repalign.benchmarks import score as score
    from repalign.data import RDM as RDM
    from repalign.data import Assembly as Assembly
    from repalign.data import Choices as Choices
    from repalign.data import ResultsDir as ResultsDir
    from repalign.data import Score as Score
    from repalign.data import ScoreTable as ScoreTable
    from repalign.data import StimulusSet as StimulusSet
    from repalign.data import Target as Target
    from repalign.datasets import dataset as dataset
    from repalign.errors import RepalignError as RepalignError
    from repalign.metrics import dimensionality as dimensionality
    from repalign.metrics import measure as measure
    from repalign.models import extract as extract
    from repalign.models import model as model
    from repalign.report import write_figures as write_figures
    from repalign.report import write_report as write_report

_HOMES = {
    "Assembly": "repalign.data",
    "Benchmark": "repalign.benchmarks",
    "Choices": "repalign.data",
    "Comparison": "repalign.benchmarks",
    "RDM": "repalign.data",
    "RepalignError": "repalign.errors",
    "ResultsDir": "repalign.data",
    "Score": "repalign.data",
    "ScoreTable": "repalign.data",
    "StimulusSet": "repalign.data",
    "Study": "repalign.benchmarks",
    "Target": "repalign.data",
    "benchmark": "repalign.benchmarks",
    "compare": "repalign.benchmarks",
    "compare_all": "repalign.benchmarks",
    "dataset": "repalign.datasets",
    "differences": "repalign.benchmarks",
    "dimensionality": "repalign.metrics",
    "extract": "repalign.models",
    "measure": "repalign.metrics",
    "model": "repalign.models",
    "own_benchmark": "repalign.benchmarks",
    "run_study": "repalign.benchmarks",
    "score": "repalign.benchmarks",
    "write_figures": "repalign.report",
    "write_report": "repalign.report",
}

__all__ = [
    "RDM",
    "Assembly",
    "Benchmark",
    "Choices",
    "Comparison",
    "RepalignError",
    "ResultsDir",
    "Score",
    "ScoreTable",
    "StimulusSet",
    "Study",
    "Target",
    "__version__",
    "benchmark",
    "compare",
    "compare_all",
    "dataset",
    "differences",
    "dimensionality",
    "extract",
    "measure",
    "model",
    "own_benchmark",
    "run_study",
    "score",
    "write_figures",
    "write_report",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(_import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'repalign' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
