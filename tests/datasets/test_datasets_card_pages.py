"""The pages of cards: all they must say, and numbers that the published files bear out."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import t

from repalign.datasets import dataset
from repalign.datasets.nod import REGIONS

CARDS = Path(__file__).parent.parent.parent / "docs" / "cards"
REGIONAL = "marrenj+cvpr_perturbations/data/brain_rsa_results/baseline"
SECTIONS = [
    "What it is",
    "Who, and how it was collected",
    "Biases",
    "Intended use",
    "Inappropriate use",
    "Licence and citation",
    "How to get it, and how repalign uses it",
    "Where the document and the data differ",
]


def page(name: str) -> str:
    return (CARDS / f"{name}.md").read_text(encoding="utf-8")


def rows(file: Path) -> list[tuple[str, float, float]]:
    with file.open(newline="") as handle:
        return [(r["roi"], float(r["rho"]), float(r["p_value"])) for r in csv.DictReader(handle)]


def stimuli_behind(rho: float, p: float) -> float:
    """How many stimuli a correlation over pairs had, from the p-value that takes pairs for independent."""

    def excess(pairs: float) -> float:
        statistic = abs(rho) * np.sqrt((pairs - 2) / (1 - rho**2))
        return float(t.logsf(statistic, pairs - 2) + np.log(2) - np.log(p))

    return (1 + np.sqrt(1 + 8 * brentq(excess, 10, 1e7))) / 2


@pytest.mark.parametrize("name", ["things", "rdm48", "nod"])
def test_a_data_card_has_every_section_in_order(name: str) -> None:
    assert re.findall(r"^## (.+)$", page(name), re.MULTILINE) == SECTIONS


def test_the_page_of_things_says_what_its_files_say(real_data: Path) -> None:
    things = dataset("things-behaviour", download=False)
    trained = sorted(set(things.stimuli.ids) - set(things.target("rdm48").ids))
    values = things.target("spose66").select(trained).responses.array()
    lengths = np.linalg.norm(values, axis=1)
    said = page("things")
    assert (len(trained), values.min(), values.max()) == (1806, 0, 100)
    assert f"the mean is {values.mean():.6f}, the standard deviation {values.std():.6f}" in said
    assert f"a row's length {lengths.min():.1f} to {lengths.max():.1f}" in said
    assert f"has a loss of {values.var(axis=0).mean():.1f}" in page("clip-hba")


def test_the_page_of_rdm48_says_what_its_file_says(real_data: Path) -> None:
    pairs = dataset("things-behaviour", download=False).target("rdm48").responses.values
    said = f"{len(pairs):,} pairs, from {pairs.min():.3f} to {pairs.max():.2f}, mean {pairs.mean():.3f}"
    assert said.replace("0.", ".") in page("rdm48")


@pytest.mark.parametrize(("study", "n"), [("nod", 1000), ("things", 720)])
def test_published_regional_scores_are_of_so_many_stimuli_and_not_of_48(
    real_data: Path, study: str, n: int
) -> None:
    file = real_data / REGIONAL / study / f"{study}_baseline_seed1_brain_rsa_results.csv"
    told = [(rho, p) for _, rho, p in rows(file) if 1e-300 < p < 0.01]
    assert len(told) > 200
    assert [stimuli_behind(rho, p) for rho, p in told] == pytest.approx([n] * len(told), abs=1e-3)
    assert f"{n:,} stimuli" in page("nod") or f"{n} stimuli" in page("nod")


def test_published_regions_are_those_of_nod_and_their_best_is_what_the_page_says(real_data: Path) -> None:
    found = rows(real_data / REGIONAL / "nod" / "nod_baseline_seed1_brain_rsa_results.csv")
    best = {region: max(rho for roi, rho, _ in found if roi == region) for region in REGIONS}
    assert {roi for roi, _, _ in found} == set(REGIONS)
    first = sorted(best, key=best.__getitem__)[:-5:-1]
    said = ", ".join(f"{region} {best[region]:.3f}" for region in first).replace("0.", ".")
    assert f"at best {said}" in page("nod")
    assert f"at best {said}" in page("clip-hba")
    assert max(best[region] for region in ("V1", "V2", "V3")) < 0.01
