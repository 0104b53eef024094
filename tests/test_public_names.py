"""What users may type, and what importing costs."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import repalign

PUBLIC = {
    "__version__", "Assembly", "Benchmark", "Choices", "Comparison", "RDM", "RepalignError", "ResultsDir",
    "Score", "ScoreTable", "StimulusSet", "Study", "Target", "benchmark", "compare", "compare_all", "dataset",
    "differences", "dimensionality", "extract",
    "measure", "model", "own_benchmark", "run_study", "score", "write_figures", "write_report",
}  # fmt: skip
ROOMS = ["benchmarks", "data", "datasets", "execution", "maths", "metrics", "models", "report", "testing"]


def test_the_public_names_are_these_and_no_others():
    assert set(repalign.__all__) == PUBLIC
    assert set(dir(repalign)) == PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_public_name_resolves_and_is_documented(name):
    thing = getattr(repalign, name)
    assert name == "__version__" or thing.__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'scroe'"):
        _ = repalign.scroe


@pytest.mark.parametrize("room", ROOMS)
def test_what_a_room_hands_on_exists(room):
    module = importlib.import_module(f"repalign.{room}")
    assert sorted(set(module.__all__)) == sorted(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)


def loaded_by(statement: str) -> tuple[float, set[str]]:
    """Seconds that a statement takes in a fresh interpreter, and the top-level modules it loads."""
    code = (
        "import sys, time; t = time.perf_counter();"
        f"{statement}; print(time.perf_counter() - t); print(*{{m.split('.')[0] for m in sys.modules}})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, modules = done.stdout.splitlines()
    return float(seconds), set(modules.split())


def test_importing_repalign_loads_nothing_heavy_and_takes_less_than_half_a_second():
    seconds, modules = min((loaded_by("import repalign") for _ in range(3)), key=lambda pair: pair[0])
    assert not modules & {"numpy", "scipy", "torch", "matplotlib", "pandas", "duckdb", "PIL", "pydantic"}
    assert seconds < 0.5


def test_scoring_needs_neither_torch_nor_matplotlib_nor_pandas():
    _, modules = loaded_by("import repalign; repalign.score")
    assert not modules & {"torch", "matplotlib", "pandas", "sklearn"}
