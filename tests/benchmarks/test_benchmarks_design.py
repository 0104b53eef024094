"""What an interval generalises to: chosen from the design of the data, said in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

import repalign as ra
from repalign.benchmarks.design import OVER, Design, choose_design
from repalign.benchmarks.effort import Effort
from repalign.errors import InputError, UnsuitableError
from repalign.testing import synthetic_target

RSA = "rsa-euclidean-spearman"
QUICK = {"draws": 40, "permutations": 0}


@pytest.mark.parametrize(
    ("n_subjects", "n_stimuli", "over", "chosen"),
    [
        (12, 20, "auto", "both"),
        (2, 10, "auto", "both"),
        (1, 10, "auto", "stimuli"),
        (12, 20, "both", "both"),
        (12, 20, "subjects", "subjects"),
        (12, 20, "stimuli", "stimuli"),
        (1, 20, "stimuli", "stimuli"),
    ],
)
def test_the_widest_generalisation_is_taken_or_the_one_asked_for(n_subjects, n_stimuli, over, chosen):
    assert choose_design(n_subjects, n_stimuli, over) == Design(n_subjects, n_stimuli, chosen)


@pytest.mark.parametrize("n_subjects", [1, 2, 12])
@pytest.mark.parametrize("over", OVER)
def test_below_ten_stimuli_the_design_is_a_reason(n_subjects, over):
    if n_subjects == 1 and over in ("both", "subjects"):
        return
    assert choose_design(n_subjects, 9, over) == "9 stimuli: no interval below 10"
    assert isinstance(choose_design(n_subjects, 10, over), Design)


@pytest.mark.parametrize("over", ["both", "subjects"])
@pytest.mark.parametrize("n_stimuli", [5, 100])
def test_one_subject_says_nothing_about_others(over, n_stimuli):
    with pytest.raises(UnsuitableError, match="there is one or an average") as caught:
        choose_design(1, n_stimuli, over)
    assert 'over="stimuli"' in caught.value.hint


@pytest.mark.parametrize("over", ["", "subject", "BOTH", None])
def test_an_unknown_factor_is_refused(over):
    with pytest.raises(InputError, match="is not known") as caught:
        choose_design(12, 20, over)
    assert all(known in caught.value.hint for known in OVER)


@pytest.mark.parametrize(
    ("design", "words"),
    [
        (Design(12, 20, "both"), "other subjects and other stimuli"),
        (Design(12, 20, "subjects"), "other subjects, for these 20 stimuli only"),
        (Design(12, 20, "stimuli"), "other stimuli, for these 12 subjects only"),
        (Design(1, 20, "stimuli"), "other stimuli, for this one subject or average only"),
    ],
)
def test_the_words_say_what_is_generalised_to(design, words):
    assert design.words == f"interval generalises to {words}"


@pytest.mark.parametrize(
    ("n_subjects", "n_stimuli", "over", "few"),
    [
        (12, 20, "both", ""),
        (11, 20, "both", "conservative: 11 subjects"),
        (12, 19, "both", "conservative: 19 stimuli"),
        (4, 14, "both", "conservative: 4 subjects and 14 stimuli"),
        (4, 14, "subjects", "conservative: 4 subjects"),
        (4, 14, "stimuli", "conservative: 14 stimuli"),
        (1, 14, "stimuli", "conservative: 14 stimuli"),
        (1, 20, "stimuli", ""),
        (12, 10, "subjects", ""),
    ],
)
def test_small_designs_are_called_conservative_by_the_factor_that_is_small(n_subjects, n_stimuli, over, few):
    assert Design(n_subjects, n_stimuli, over).caveat == few


@pytest.mark.parametrize("over", OVER)
def test_the_row_of_a_score_says_the_words_of_its_design(over):
    truth, target = synthetic_target(n_stimuli=14, n_subjects=5)
    row = ra.score(truth, target, RSA, over=over, **QUICK)[-1]
    design = choose_design(5, 14, over)
    assert design.words in row.reason
    assert design.caveat in row.reason
    assert row.ci_low < row.value < row.ci_high


@pytest.mark.parametrize("measure", [RSA, "rsa-euclidean-tau-a"])
def test_both_factors_are_less_sure_than_one(measure):
    truth, target = synthetic_target(n_stimuli=20, n_subjects=6, noise=2.0)
    found = {over: ra.score(truth, target, measure, over=over, **QUICK)[-1] for over in OVER}
    width = {over: row.ci_high - row.ci_low for over, row in found.items()}
    assert found["auto"] == replace(found["both"], spec_digest=found["auto"].spec_digest)
    assert width["both"] > width["subjects"]
    if measure != RSA:  # a bootstrap of stimuli alone counts what belongs to pairs three times
        assert width["both"] > width["stimuli"]


def test_an_interval_over_the_subjects_of_an_average_is_refused():
    truth, target = synthetic_target(n_stimuli=14, n_subjects=5)
    average = replace(target, responses=target.responses.mean())
    with pytest.raises(UnsuitableError, match="needs at least 2 that can be told apart"):
        ra.score(truth, average, RSA, over="subjects", **QUICK)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"draws": 1}, "1 draws give no interval"),
        ({"draws": -1}, "-1 draws give no interval"),
        ({"permutations": -1}, "-1 permutations"),
        ({"over": "people"}, "over='people' is not known"),
    ],
)
def test_effort_that_gives_nothing_is_refused(given, words):
    with pytest.raises(InputError, match=words) as caught:
        Effort(**given)
    assert caught.value.hint
    truth, target = synthetic_target(n_stimuli=14, n_subjects=5)
    with pytest.raises(InputError, match=words):
        ra.score(truth, target, RSA, **{**QUICK, **given})
