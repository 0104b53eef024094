"""Choices: behaviour trial by trial."""

from __future__ import annotations

import numpy as np
import pytest

from repalign.data import Choices
from repalign.errors import IdentityError, ShapeError, UnsuitableError

SUBJECTS, STIMULI = ("p1", "p2", "p3"), ("s1", "s2", "s3", "s4")


def categories(seed: int = 0) -> Choices:
    draws = np.random.default_rng(seed)
    pairs = [(subject, stimulus) for subject in SUBJECTS for stimulus in STIMULI]
    subject, stimulus = np.array(pairs).T
    response, correct = draws.choice(["cat", "dog"], (2, 12))
    return Choices(subject, stimulus, response, correct, np.repeat(["easy", "hard"], 6), "people")


def triplets() -> Choices:
    shown = np.array([["a", "b", "c"], ["b", "c", "d"], ["a", "c", "d"]])
    return Choices(["p2", "p1", "p1"], shown, ["c", "b", "d"], name="odd one")


def taken(choices: Choices, order) -> Choices:
    columns = [getattr(choices, c) for c in ("subject", "stimulus", "response", "correct", "condition")]
    return Choices(*(None if c is None else c[order] for c in columns), choices.name)


def test_correctness_is_that_of_a_loop_over_the_trials() -> None:
    choices = taken(categories(), np.random.default_rng(1).permutation(12))
    right = choices.correctness()
    trials = zip(choices.subject, choices.stimulus, choices.response, choices.correct, strict=True)
    expected = {(subject, stimulus): answer == truth for subject, stimulus, answer, truth in trials}
    assert right.shape == (3, 4)
    assert right.dtype == bool
    for i, subject in enumerate(SUBJECTS):
        assert right[i].tolist() == [expected[subject, stimulus] for stimulus in STIMULI]


def test_subjects_and_ids_are_sorted_text() -> None:
    choices = Choices([10, 9], [2, 1], [0, 1])
    assert choices.subjects == ("10", "9")
    assert choices.ids == ("1", "2")
    assert triplets().ids == ("a", "b", "c", "d")
    assert len(triplets()) == 3
    assert repr(triplets()) == "Choices('odd one', n_subjects=2, triplets=3)"


@pytest.mark.parametrize("choices", [categories(), triplets()])
def test_the_digest_does_not_depend_on_the_order_of_trials_but_on_all_else(choices: Choices) -> None:
    n = len(choices)
    for seed in range(5):
        assert taken(choices, np.random.default_rng(seed).permutation(n)).digest == choices.digest
    assert taken(choices, np.arange(n - 1)).digest != choices.digest
    assert taken(choices, [*range(n), 0]).digest != choices.digest
    for column in ("subject", "response"):
        changed = getattr(choices, column).copy()
        changed[0] = "zz"
        fields = {c: getattr(choices, c) for c in ("subject", "stimulus", "response", "correct", "condition")}
        assert Choices(**fields | {column: changed}).digest != choices.digest


def test_swapping_answers_between_trials_changes_the_digest() -> None:
    one = Choices(["p", "p"], ["s1", "s2"], ["cat", "dog"])
    assert one.digest != Choices(["p", "p"], ["s1", "s2"], ["dog", "cat"]).digest
    correct = Choices(["p", "p"], ["s1", "s2"], ["cat", "dog"], ["x", "x"])
    condition = Choices(["p", "p"], ["s1", "s2"], ["cat", "dog"], None, ["x", "x"])
    assert len({one.digest, correct.digest, condition.digest}) == 3


@pytest.mark.parametrize(
    "choices",
    [categories(), triplets(), Choices(["p"], ["é"], ["x"], condition=["c"]), taken(triplets(), slice(0))],
)
def test_saving_loses_nothing(choices: Choices, tmp_path) -> None:
    loaded = Choices.load(choices.save(tmp_path / "c.npz"))
    for column in ("subject", "stimulus", "response", "correct", "condition"):
        before, after = getattr(choices, column), getattr(loaded, column)
        assert (after is None) == (before is None)
        assert before is None or (after.tolist() == before.tolist() and after.shape == before.shape)
    assert (loaded.name, loaded.digest) == (choices.name, choices.digest)


def test_selecting_keeps_the_trials_that_show_nothing_else() -> None:
    chosen = categories().select(["s4", "s2"])
    assert chosen.ids == ("s2", "s4")
    assert np.array_equal(chosen.correctness(), categories().correctness()[:, [1, 3]])
    odd = triplets().select(["b", "c", "d"])
    assert odd.stimulus.tolist() == [["b", "c", "d"]]
    assert odd.response.tolist() == ["b"]
    assert len(triplets().select(["a", "b"])) == 0


def test_the_trials_of_one_subject_are_all_of_theirs() -> None:
    assert triplets().of("p1").stimulus.tolist() == [["b", "c", "d"], ["a", "c", "d"]]
    one = categories().of("p2")
    assert one.subjects == ("p2",)
    assert np.array_equal(one.correctness()[0], categories().correctness()[1])
    assert set(one.condition.tolist()) == {"easy", "hard"}


def test_ids_and_subjects_that_are_not_here_are_refused(refused) -> None:
    with refused(IdentityError, "stimulus ids", "'s9'"):
        categories().select(["s1", "s9"])
    with refused(IdentityError, "subjects", "'p9'"):
        categories().of("p9")


@pytest.mark.parametrize(("order", "count"), [([*range(12), 5], "2 trials"), (list(range(11)), "0 trials")])
def test_correctness_needs_each_stimulus_once_per_subject(order, count, refused) -> None:
    with refused(IdentityError, "people", count, "exactly one"):
        taken(categories(), order).correctness()


@pytest.mark.parametrize("choices", [triplets(), Choices(["p"], ["s"], ["r"])])
def test_correctness_needs_a_correct_response(choices: Choices, refused) -> None:
    with refused(UnsuitableError, "no correct response"):
        choices.correctness()


def test_no_trials_have_no_correctness_and_a_digest() -> None:
    nothing = taken(categories(), slice(0))
    assert nothing.correctness().shape == (0, 0)
    assert nothing.digest != taken(triplets(), slice(0)).digest


@pytest.mark.parametrize(
    "columns", [(["p"], ["s", "t"], ["r"]), (["p"], [["s", "t"]], ["r"]), (["p"], ["s"], ["r"], ["c", "d"])]
)
def test_columns_that_differ_in_length_are_refused(columns, refused) -> None:
    with refused(ShapeError, "one entry per trial"):
        Choices(*columns)
