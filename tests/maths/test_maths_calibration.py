"""Laws of honest uncertainty, by simulation: intervals cover the population, tests keep their level.

The full table with its Monte-Carlo error is made by ``python -m benchmarks.calibration``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.calibration.__main__ import HEADER, chosen, main, row
from benchmarks.calibration.cells import CELLS, CKA, Cell
from benchmarks.calibration.generators import Population
from benchmarks.calibration.simulation import Found, Outcome, population_value, run, simulate, summarise

from repalign.seeds import rng

BY_NAME = {cell.name: cell for cell in CELLS}


def found(rate: float, error: float, cell: Cell = CELLS[0]) -> Found:
    return Found(cell, rate, error, 0.5, 0.5, 0.1, 0.4, 1000)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_every_cell_yields_what_is_asked_of_it(cell):
    outcome = simulate(cell, 0)
    if cell.asks == "coverage":
        low, high = outcome.interval
        assert low < outcome.value < high
    else:
        assert 0 < outcome.p <= 1
    assert outcome == simulate(cell, 0) != simulate(cell, 1)


def test_every_family_is_asked_for_an_interval_and_a_test():
    for family in ("rsa", "cka", "encoding"):
        asked = [cell.asks for cell in CELLS if cell.measure.startswith(family) and not cell.small]
        assert {"coverage", "rejection"} <= set(asked)
    assert 6 <= sum(cell.asks != "difference" and not cell.small for cell in CELLS) <= 10
    assert len({cell.name for cell in CELLS}) == len(CELLS)


def test_below_ten_stimuli_there_is_no_interval():
    outcome = simulate(replace(BY_NAME["cka-12x20"], n_stimuli=9), 0)
    assert outcome.interval is None


def test_the_population_value_of_cka_is_that_of_the_covariances():
    population = Population(noise_correlation=0.3)
    K = population.map.T @ population.map
    noise = population.noise**2 * (0.7 * np.eye(population.units) + 0.3)
    values = []
    for each in population.maps(400, rng(0, "test", "maps")):
        cross, own = population.map.T @ each, each.T @ each + noise
        values.append((cross**2).sum() / np.sqrt((K**2).sum() * (own**2).sum()))
    cell = Cell("cka", CKA, 12, 20, population=population)
    assert population_value(cell, n_studies=10) == pytest.approx(np.mean(values), abs=0.02)


def test_rivals_are_equally_good_and_categories_are_tied():
    models = Population(rivals=True).study(1, 20_000, rng(1, "test", "rivals")).models
    covariances = [np.cov(each.T) for each in models]
    np.testing.assert_allclose(covariances[0], covariances[1], atol=0.05 * abs(covariances[0]).max())
    tied = Population(categories=4).study(2, 50, rng(2, "test", "categories")).models[0]
    assert len(np.unique(tied, axis=0)) == 4


def test_a_rate_is_the_share_of_intervals_that_hold_the_mean():
    outcomes = [
        Outcome(1.0, (0.0, 2.0)),
        Outcome(3.0, (2.5, 4.0)),
        Outcome(2.0, (0.0, 4.0)),
        Outcome(2.0, (1.9, 2.1)),
    ]
    result = summarise(BY_NAME["encoding-12x25"], outcomes)
    assert (result.truth, result.rate, result.error) == (2.0, 0.75, pytest.approx(np.sqrt(0.75 * 0.25 / 4)))


def test_verdicts_name_what_is_outside():
    small = replace(CELLS[0], small=True)
    assert [found(r, 0.005).verdict for r in (0.95, 0.97, 0.90)] == [
        "holds",
        "outside by less than 2 errors",
        "fails",
    ]
    assert found(0.98, 0.005, small).verdict == "conservative, as labelled"
    assert row(found(0.95, 0.005)).count("|") == HEADER.count("|")


def test_an_unknown_cell_is_refused_with_the_known_ones():
    with pytest.raises(SystemExit, match=r"no cell cka-12; known: .*cka-12x20"):
        chosen(["cka-12"])


@pytest.mark.slow
def test_the_command_prints_a_row_per_cell(capsys):
    main(["--quick", "--cells", "cka-12x20", "cka-null-12x20", "--processes", "1"])
    assert [line.split("|")[1].strip() for line in capsys.readouterr().out.splitlines()[2:4]] == [
        "cka-12x20",
        "cka-null-12x20",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_rates_are_where_they_are_asked_to_be(cell):
    (result,) = run([cell], 300)
    low, high = cell.asked
    assert low - 4 * result.error <= result.rate <= high + 4 * result.error
