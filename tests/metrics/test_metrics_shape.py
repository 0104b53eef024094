"""Shape, matching, neighbours, stochastic and other measures: what each declares, and the golden table."""

from __future__ import annotations

import csv
from collections import Counter

import numpy as np
import pytest
from scipy.spatial import procrustes as scipy_procrustes
from scipy.spatial.distance import cdist

from repalign.data import Assembly
from repalign.errors import InputError, RepalignError, ShapeError, UnsuitableError
from repalign.maths.transport import best_transport
from repalign.metrics.catalogue import matching, neighbours, shape, similarity, stochastic
from repalign.seeds import rng
from repalign.testing import check_measure

MODULES = (shape, matching, neighbours, stochastic, similarity)
MEMBERS = {member.id: member for module in MODULES for member in module.MEMBERS}
ALIASES = {golden: ours for module in MODULES for golden, ours in module.ALIASES.items()}
FAMILIES = tuple(family for module in MODULES for family in module.FAMILIES)
# Golden ids on which one implementation each gives two values: ours is that of the implementation named.
SPLIT = {"jaccard_similarity": "resi", "rsm_norm_difference": "llm_repsim", "soft_correlation_match": "resi"}


@pytest.mark.parametrize("name", MEMBERS)
def test_every_measure_keeps_what_it_declares(name):
    assert check_measure(MEMBERS[name]) == []


@pytest.fixture(scope="module")
def golden(real_data):
    """Per golden id: implementation to value."""
    table = real_data / "nacloos+similarity-repository" / "figures" / "metric_vs_repo.csv"
    rows = list(csv.reader(table.read_text().splitlines()))
    return {
        name: {row[0]: float(row[j]) for row in rows[1:] if row[j]} for j, name in enumerate(rows[0]) if j
    }


@pytest.fixture(scope="module")
def sides():
    legacy = np.random.RandomState(0)
    return [Assembly(legacy.uniform(size=(30, 25)), name=name) for name in "XY"]


@pytest.mark.parametrize("alias", ALIASES)
def test_measures_give_the_majority_of_the_golden_table(alias, golden, sides):
    values = golden[alias]
    common, count = Counter(f"{value:.7g}" for value in values.values()).most_common(1)[0]
    expected = values[SPLIT[alias]] if alias in SPLIT else float(common)
    assert alias in SPLIT or count > len(values) / 2
    assert MEMBERS[ALIASES[alias]].scores(*sides)[0] == pytest.approx(expected, rel=1e-6)


def bfloat16(values):
    """To the nearest number of 8 significant bits, ties to even."""
    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    kept = (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000
    return kept.astype(np.uint32).view(np.float32).astype(np.float64)


def test_why_two_procrustes_implementations_differ(golden, sides):
    X, Y = (side.array() for side in sides)
    # nnsrm: scipy's disparity, 1 - cos^2, of transposed inputs, entered into the table as a distance.
    disparity = scipy_procrustes(X.T, Y.T)[2]
    assert golden["procrustes-distance=euclidean"]["nnsrm_neurips18"] == pytest.approx(disparity, rel=1e-9)
    # modelsym: 1 - chord / 2, not centred, units and stimuli exchanged, product in bfloat16.
    x, y = (bfloat16(side / np.linalg.norm(side)) for side in (X, Y))
    nuclear = np.linalg.norm(x @ y.T, "nuc")
    found = 1 - np.sqrt(2 - 2 * nuclear) / 2
    assert golden["procrustes-distance=euclidean"]["modelsym"] == pytest.approx(found, rel=1e-6)


def test_why_the_other_of_two_values_differs(golden, sides):
    X, Y = (side.array() for side in sides)
    x, y = (side - side.mean(0) for side in (X, Y))
    # llm_repsim: the table centred the columns first, which changes what is near by the cosine.
    moved = MEMBERS["knn-jaccard-k10"].scores(Assembly(x), Assembly(y))[0]
    assert golden["jaccard_similarity"]["llm_repsim"] == pytest.approx(moved, rel=1e-6)
    # resi: the spectral norm of the square matrix, not the norm of the pairs.
    spectral = np.linalg.norm(cdist(X, X) - cdist(Y, Y), 2)
    assert golden["rsm_norm_difference"]["resi"] == pytest.approx(spectral, rel=1e-9)
    # neuroaimetrics: soft matching by transport, the correlations a product in bfloat16.
    u, v = (side / np.linalg.norm(side, axis=0) for side in (x, y))
    rounded = best_transport(bfloat16(u).T @ bfloat16(v))
    assert golden["soft_correlation_match"]["neuroaimetrics"] == pytest.approx(rounded, rel=1e-7)
    exact = MEMBERS["soft-matching-correlation"].scores(*sides)[0]
    assert golden["hard_correlation_match"]["resi"] == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(
    "name",
    [
        "shape-whitening0.25-angular-distance",
        "shape-whitening1-angular-distance",
        "mutual-knn-k7",
        "cknna-k5",
        "knn-jaccard-k3",
        "knn-rank-similarity-k4",
        "second-order-cosine-cosines-k6",
        "second-order-cosine-distances-k6",
        "gulp-penalty0.1-distance",
        "stochastic-gaussian-alpha2-distance",
    ],
)
def test_other_parameters_are_read_from_the_id_and_keep_what_they_declare(name):
    found = [measure for family in FAMILIES if (measure := family.read(name)) is not None]
    assert [measure.id for measure in found] == [name]
    assert check_measure(found[0]) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("shape-whitening1.5-angular-distance", "0 <= alpha <= 1"),
        ("shape-whiteningnan-angular-distance", "0 <= alpha <= 1"),
        ("mutual-knn-k0", "at least 1 neighbour"),
        ("gulp-penaltynan-distance", "finite and not negative"),
        ("gulp-penaltyinf-distance", "finite and not negative"),
        ("stochastic-gaussian-alpha3-distance", "0 <= alpha <= 2"),
    ],
)
def test_parameters_out_of_range_are_refused(name, message):
    with pytest.raises(InputError, match=message):
        [family.read(name) for family in FAMILIES]


def test_members_are_what_their_ids_say():
    read = {family.template: [m for m in MEMBERS if family.read(m)] for family in FAMILIES}
    assert all(read.values())
    for family in FAMILIES:
        for name in read[family.template]:
            again = family.read(name)
            assert again is not None
            assert again.describe() == MEMBERS[name].describe()


def test_trials_are_needed_and_units_must_match_where_they_are_matched():
    responses = Assembly(rng(1).normal(size=(10, 4)), name="means")
    wider = Assembly(rng(2).normal(size=(10, 5)), name="wider")
    with pytest.raises(UnsuitableError, match="'means' has one response to each stimulus"):
        MEMBERS["stochastic-energy-distance"].scores(responses, responses)
    with pytest.raises(ShapeError, match="4 units and Y has 5"):
        MEMBERS["permutation-distance"].scores(responses, wider)


def test_a_target_with_subjects_has_a_score_each_and_trials_have_one():
    values = rng(3).normal(size=(3, 12, 4))
    people = Assembly(values, leading="subject", labels=("a", "b", "c"))
    found = MEMBERS["procrustes-angular-distance"].scores(Assembly(values[0]), people)
    assert found.shape == (3,)
    assert found[0] == pytest.approx(0, abs=1e-13)
    trials = Assembly(values, leading="repetition", labels=("1", "2", "3"))
    assert MEMBERS["stochastic-energy-distance"].scores(trials, trials) == pytest.approx([0], abs=1e-7)
    with pytest.raises(UnsuitableError, match="leading subject axis"):
        MEMBERS["stochastic-energy-distance"].scores(trials, people)


@pytest.mark.parametrize("name", MEMBERS)
def test_a_side_without_variation_or_of_other_length_is_refused(name):
    lead = {"leading": "repetition", "labels": ("1", "2")} if name in ids(stochastic) else {}
    stack = (2,) if lead else ()
    varied = Assembly(rng(4).normal(size=(*stack, 20, 4)), **lead)
    short = Assembly(rng(5).normal(size=(*stack, 19, 4)), **lead)
    with pytest.raises(ShapeError, match="20 stimuli and Y has 19"):
        MEMBERS[name].scores(varied, short)
    still = Assembly(np.zeros((*stack, 20, 4)), **lead)
    if name not in {"permutation-uncentred-distance", "magnitude-difference", "uniformity-difference"} | RAW:
        with pytest.raises(RepalignError):
            MEMBERS[name].scores(varied, still)


RAW = {"rdm-euclidean-norm-difference"}  # a side on which all stimuli coincide has an RDM of zeros


def ids(module):
    return {member.id for member in module.MEMBERS}
