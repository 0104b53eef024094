"""The page on training names every setting, kind of perturbation and shipped study, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from repalign.training import PERTURBATIONS, TrainingStudy, Windows
from repalign.training.cost import Cost
from repalign.training.problem_options import NetworkOptions, ProbeOptions, ProblemOptions
from repalign.training.run_spec import Optimiser, RunSpec
from repalign.training.study import shipped_studies

PAGE = (Path(__file__).parent.parent.parent / "docs" / "training.md").read_text(encoding="utf-8")
# The table that follows a line which begins so, and what is set there. A run's other fields are the sweep's.
BY_SWEEP = {"problem", "seed", "noise_seed", "perturbation", "follow"}
TABLES = {
    "At the top:": set(TrainingStudy.model_fields),
    "`[problem]`:": set(ProblemOptions.model_fields),
    "`[problem.network]`:": set(NetworkOptions.model_fields),
    "`[[problem.probes]]`:": set(ProbeOptions.model_fields),
    "`[run]`:": set(RunSpec.model_fields) - BY_SWEEP,
    "`[[windows]]`": set(Windows.model_fields),
    "`[cost]`": set(Cost.model_fields),
    "They act in the window": set(PERTURBATIONS),
    "`repalign run` without": set(shipped_studies()),
}


def table(beginning: str) -> list[list[str]]:
    """Cells of the first table after a line."""
    lines = PAGE.splitlines()
    after = next(i for i, line in enumerate(lines) if line.startswith(beginning))
    start = next(i for i in range(after, len(lines)) if lines[i].startswith("|"))
    end = next(i for i in range(start, len(lines)) if not lines[i].startswith("|"))
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start + 2 : end]]


@pytest.mark.parametrize("beginning", TABLES)
def test_every_setting_has_its_row_and_no_other_has_one(beginning):
    named = [name for cells in table(beginning) for name in re.findall(r"`([\w-]+)`", cells[0])]
    assert sorted(named) == sorted(TABLES[beginning])


def test_every_setting_of_the_optimiser_is_named():
    (row,) = (cells for cells in table("`[run]`:") if cells[0] == "`optimiser`")
    assert set(Optimiser.model_fields) <= set(re.findall(r"`(\w+)`", row[1]))


@pytest.mark.parametrize("kind", PERTURBATIONS)
def test_every_option_of_a_perturbation_is_named_with_its_choices(kind):
    (row,) = (cells for cells in table("They act in the window") if cells[0] == f"`{kind}`")
    named = set(re.findall(r"`([\w-]+)`", row[2]))
    options = PERTURBATIONS[kind].options
    allowed = {str(each) for values in options.values() if isinstance(values, tuple) for each in values}
    assert named == set(options) | allowed
