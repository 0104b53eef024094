"""Centring within categories, and the ceiling of a table that pools people."""

from __future__ import annotations

import math

import numpy as np
import pytest

from repalign.benchmarks import benchmark, split_ceiling, within, within_target
from repalign.benchmarks.within import NOTE
from repalign.data import RDM, Assembly, Target
from repalign.errors import IdentityError, InputError, UnsuitableError
from repalign.metrics import MEASURES, Rows
from repalign.seeds import rng

IDS = tuple(f"s{i}" for i in range(6))
CATEGORY = {"s0": "cat", "s1": "dog", "s2": "cat", "s3": "dog", "s4": "cat", "s5": "ship", "s9": "ship"}


def responses(*shape, **more):
    return Assembly(rng(0, "within").normal(5.0, 2.0, size=shape), IDS, **more)


# Within -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(6, 3), (2, 6, 3)])
def test_each_stimulus_loses_the_mean_of_its_own_category_by_name(shape):
    leading = {"leading": "subject", "labels": ("a", "b")} if len(shape) > 2 else {}
    whole = responses(*shape, units={"unit": np.array(["u", "v", "w"])}, **leading)
    found = within(whole, CATEGORY)
    before, after = np.asarray(whole.values), np.asarray(found.values)
    for i, each in enumerate(IDS):
        own = [j for j, other in enumerate(IDS) if CATEGORY[other] == CATEGORY[each]]
        expected = before[..., i, :] - before[..., own, :].mean(axis=-2)
        np.testing.assert_allclose(after[..., i, :], expected, atol=1e-12)
    assert found.ids == whole.ids
    assert (found.labels, found.leading, list(found.units)) == (whole.labels, whole.leading, ["unit"])


def test_the_order_of_stimuli_does_not_matter():
    whole = responses(6, 3)
    turned = whole.select(IDS[::-1])
    one, other = within(whole, CATEGORY).select(IDS[::-1]), within(turned, CATEGORY)
    np.testing.assert_allclose(one.array(), other.array(), atol=1e-14)


def test_a_model_that_knows_categories_alone_has_nothing_left():
    known = np.array([[ord(CATEGORY[each][0]), len(CATEGORY[each])] for each in IDS], float)
    assert np.abs(within(Assembly(known, IDS), CATEGORY).array()).max() == 0.0


def test_what_has_no_units_or_no_category_is_refused():
    with pytest.raises(UnsuitableError, match="people is no Assembly") as caught:
        within(RDM(np.ones(15), IDS, name="people"), CATEGORY)
    assert "behind the dissimilarities" in caught.value.hint
    lacking = {name: kind for name, kind in CATEGORY.items() if name != "s3"}
    with pytest.raises(IdentityError, match="stimulus 's3' has no category"):
        within(responses(6, 3), lacking)


@pytest.mark.parametrize(("note", "expected"), [("", NOTE), ("one table", f"one table; {NOTE}")])
def test_a_centred_target_says_so_in_name_and_note(note, expected):
    target = Target("made/people", responses(6, 3, name="made/people"), "behaviour", 7, note=note)
    found = within_target(target, CATEGORY)
    assert (found.name, found.responses.name) == ("made/people-within", "made/people-within")
    assert (found.note, found.n_subjects, found.ids) == (expected, 7, IDS)
    assert found.digest != target.digest
    np.testing.assert_array_equal(found.responses.array(), within(target.responses, CATEGORY).array())


# Halves -------------------------------------------------------------------------------------------


def pearson(x, y):
    return float(np.corrcoef(x.ravel(), y.ravel())[0, 1])


PEARSON = Rows(
    id="pearson-of-all",
    formula="r",
    range=(-1.0, 1.0),
    invariances=frozenset(),
    source="here",
    function=pearson,
)


def noisy(truth, sd):
    """Two halves of people who say the truth with noise that adds up."""

    def halves(generator):
        one, other = (
            Assembly(truth + sd * generator.standard_normal(truth.shape), tuple(map(str, range(len(truth)))))
            for _ in range(2)
        )
        return one, other

    return halves


@pytest.mark.parametrize("sd", [0.3, 1.0, 2.0])
def test_for_noise_that_adds_up_the_upper_ceiling_is_the_correlation_with_the_truth(sd):
    truth = rng(1, "truth").normal(size=(300, 20))
    lower, upper = split_ceiling(noisy(truth, sd), PEARSON, splits=50, seed=3)
    assert lower == pytest.approx(1 / (1 + sd**2), abs=0.02)
    # The table of all people has half the variance of noise that a table of half of them has.
    generator = rng(2, "simulation")
    everyone = [truth + sd * generator.standard_normal((2, *truth.shape)).mean(axis=0) for _ in range(50)]
    simulated = np.mean([pearson(truth, each) for each in everyone])
    assert upper == pytest.approx(simulated, abs=0.01)
    assert upper == pytest.approx(1 / math.sqrt(1 + sd**2 / 2), abs=0.01)
    assert lower < upper


def test_halves_that_agree_exactly_leave_nothing_to_miss():
    assert split_ceiling(noisy(rng(1, "t").normal(size=(20, 3)), 0.0), PEARSON) == pytest.approx((1.0, 1.0))


def test_both_ceilings_come_from_the_mean_over_as_many_splits_as_are_asked_for():
    truth, seen = rng(1, "truth").normal(size=(40, 4)), []

    def watched(generator):
        seen.append(noisy(truth, 1.0)(generator))
        return seen[-1]

    lower, upper = split_ceiling(watched, PEARSON, splits=7)
    r = np.mean([pearson(one.array(), other.array()) for one, other in seen])
    assert len(seen) == 7
    assert len({one.digest for one, _ in seen}) == 7
    assert (lower, upper) == pytest.approx((r, math.sqrt(2 * r / (1 + r))), abs=1e-12)


def test_the_seed_decides_the_splits():
    halves = noisy(rng(1, "truth").normal(size=(40, 4)), 1.0)
    one, same, other = (split_ceiling(halves, PEARSON, splits=2, seed=s) for s in (0, 0, 1))
    assert one == same != other


@pytest.mark.parametrize(
    ("measure", "splits"),
    [(PEARSON, 0), (MEASURES["procrustes-angular-distance"], 5), (MEASURES["shared-dimensions-ensd"], 5)],
)
def test_no_splits_and_no_correlation_are_refused(measure, splits):
    halves = noisy(rng(1, "truth").normal(size=(40, 4)), 1.0)
    with pytest.raises(InputError, match=f"no ceiling by {splits} splits for {measure.id}") as caught:
        split_ceiling(halves, measure, splits=splits)
    assert caught.value.hint == "Split once or more, by a correlation."


def test_halves_that_do_not_agree_are_refused():
    def opposed(generator):
        values = generator.standard_normal((20, 3))
        ids = tuple(map(str, range(20)))
        return Assembly(values, ids), Assembly(-values, ids)

    with pytest.raises(InputError, match=r"two halves agree by -1\.000 on average") as caught:
        split_ceiling(opposed, PEARSON)
    assert caught.value.hint == "There is nothing to be reached."


def test_a_benchmark_without_pooled_people_has_no_halves():
    assert benchmark("ekman1954/similarity").halves is None
