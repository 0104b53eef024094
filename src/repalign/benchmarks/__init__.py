"""Stimuli, target, metric, ceiling and layer rule together; score() and what may be said beside it."""

from repalign.benchmarks.benchmark import Benchmark, benchmark, benchmark_names, own_benchmark
from repalign.benchmarks.design import OVER
from repalign.benchmarks.differences import Difference, differences
from repalign.benchmarks.effort import Effort
from repalign.benchmarks.halves import split_ceiling
from repalign.benchmarks.inference import Inference, infer
from repalign.benchmarks.join import Joined, join
from repalign.benchmarks.matrix import SimilarityMatrix, compare_all
from repalign.benchmarks.own import own_stimuli
from repalign.benchmarks.provenance import code_version
from repalign.benchmarks.responders import published, published_names
from repalign.benchmarks.score import Comparison, compare, score
from repalign.benchmarks.study import Study, plan, run_study, score_unit
from repalign.benchmarks.views import write_views
from repalign.benchmarks.within import within, within_target

__all__ = [
    "OVER",
    "Benchmark",
    "Comparison",
    "Difference",
    "Effort",
    "Inference",
    "Joined",
    "SimilarityMatrix",
    "Study",
    "benchmark",
    "benchmark_names",
    "code_version",
    "compare",
    "compare_all",
    "differences",
    "infer",
    "join",
    "own_benchmark",
    "own_stimuli",
    "plan",
    "published",
    "published_names",
    "run_study",
    "score",
    "score_unit",
    "split_ceiling",
    "within",
    "within_target",
    "write_views",
]
