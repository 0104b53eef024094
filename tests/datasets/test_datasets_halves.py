"""Two random halves of the people behind each row of CIFAR-10H: drawn without replacement, nobody twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from repalign.datasets import dataset
from repalign.datasets.cifar10h import CATEGORIES, COUNTS, IDS, N, _halves
from repalign.seeds import rng


def people(halves, counts, seed=0):
    """How many people of each half chose each category, as whole numbers, (2, n, 10)."""
    each = counts.sum(axis=1) // 2
    drawn = np.stack([half.array() * each[:, None] for half in halves(rng(seed, "test"))])
    whole = np.rint(drawn)
    np.testing.assert_allclose(drawn, whole, atol=1e-9)
    return whole.astype(int), each


@pytest.fixture
def made_up(tmp_path):
    """Halves of counts of our own."""

    def halves(counts):
        np.save(tmp_path / COUNTS, counts)
        files = {COUNTS: tmp_path / COUNTS}
        return lambda generator: _halves(files, generator)

    return halves


ROW = np.array([20, 0, 9, 5, 1, 1, 0, 10, 4, 1])  # 51 people
EQUAL = np.tile(ROW, (N, 1))


def lawful(counts, drawn, each):
    assert (drawn >= 0).all()
    np.testing.assert_array_equal(drawn.sum(axis=2), [each, each])
    left = counts - drawn.sum(axis=0)
    assert (left >= 0).all()
    np.testing.assert_array_equal(left.sum(axis=1), counts.sum(axis=1) % 2)  # one, of an odd number


def test_nobody_is_in_both_halves_and_at_most_one_person_in_neither(made_up):
    counts = rng(1, "counts").integers(0, 9, size=(N, 10)) + (np.arange(10) == 0) * 2
    drawn, each = people(made_up(counts), counts)
    lawful(counts, drawn, each)
    assert set(counts.sum(axis=1) % 2) == {0, 1}


@pytest.mark.parametrize("half", [0, 1])
def test_draws_have_the_moments_of_the_hypergeometric_distribution(made_up, half):
    drawn, each = people(made_up(EQUAL), EQUAL)
    share, n = ROW / 51, int(each[0])
    mean = n * share
    # n of 51 people without replacement (Johnson, Kotz & Balakrishnan 1997, chapter 39).
    spread = n * (51 - n) / (51 - 1) * (np.diag(share) - np.outer(share, share))
    error = np.sqrt(np.diag(spread) / N)
    assert (np.abs(drawn[half].mean(axis=0) - mean) <= 5 * error).all()
    found = np.cov(drawn[half].T)
    # The standard error of a covariance of N draws, nearly normal.
    allowed = np.sqrt((np.outer(np.diag(spread), np.diag(spread)) + spread**2) / N)
    assert (np.abs(found - spread) <= 6 * allowed).all()


def test_the_halves_are_of_one_another_as_a_draw_of_the_rest(made_up):
    """Beyond what one half leaves there is no agreement: what one has more the other has less."""
    drawn, _ = people(made_up(EQUAL), EQUAL)
    one, other = drawn[:, :, 0]
    assert np.corrcoef(one, other)[0, 1] < -0.9


def test_the_generator_decides_the_draw(made_up):
    halves = made_up(EQUAL)
    assert halves(rng(0, "a"))[0].digest == halves(rng(0, "a"))[0].digest != halves(rng(1, "a"))[0].digest


def test_halves_of_the_published_counts(real_data: Path):
    data = dataset("cifar10h", download=False)
    halves = data.halves("labels")
    assert halves is not None
    counts = np.load(data.files[COUNTS]).astype(int)
    drawn, each = people(halves, counts)
    lawful(counts, drawn, each)
    (one, other), whole = halves(rng(0, "test")), data.target("labels").responses
    assert one.ids == other.ids == whole.ids == IDS
    assert one.units["category"].tolist() == other.units["category"].tolist() == list(CATEGORIES)
    # Over all images each category is drawn as often as chance has it.
    total, n = counts.sum(axis=1)[:, None], each[:, None]
    mean = n * counts / total
    variance = mean * (1 - counts / total) * (total - n) / (total - 1)
    for seed in range(3):
        found = people(halves, counts, seed)[0][0]
        assert (np.abs((found - mean).sum(axis=0)) <= 5 * np.sqrt(variance.sum(axis=0))).all()


def test_a_target_without_counts_has_no_halves():
    assert dataset("ekman1954", download=False).halves("similarity") is None
