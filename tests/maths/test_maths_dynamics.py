"""Gains, recovery and durations that are cut short, against closed forms, brute force and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr, ttest_1samp

from repalign.errors import DegenerateError, ShapeError
from repalign.maths import (
    Recovery,
    alignment_recovery,
    elastic_window,
    loss_recovery,
    mean_and_sd,
    median_duration,
    rank_correlation,
    reference_loss,
)
from repalign.maths.dynamics import SampleMean, first_reaching, sample_mean

EPOCHS = np.arange(1, 41)
FALLING = 100.0 - EPOCHS  # lowest, 60, at epoch 40


def recover(loss, *, end=5, start=3, base=FALLING, **how):
    epochs = np.arange(start, start + len(loss))
    return loss_recovery(epochs, np.asarray(loss, float), np.arange(1, len(base) + 1), base, end=end, **how)


# gains


def test_the_elastic_window_is_where_alignment_gains_most():
    rsa = np.cumsum([0.3, 0.0, 0.01, 0.2, 0.1, 0.05, 0.0])
    assert elastic_window(range(1, 8), rsa, n=3)[0] == [4, 5, 6]
    np.testing.assert_allclose(elastic_window(range(1, 8), rsa, n=3)[1], [0.2, 0.1, 0.05])


def test_epochs_next_to_an_undefined_alignment_have_no_gain():
    assert elastic_window([1, 2, 3, 4], np.array([0.1, np.nan, 0.9, 1.0]))[0] == [4]
    assert elastic_window([1], np.array([0.1])) == ([], [])


def test_values_and_epochs_must_be_as_many():
    with pytest.raises(ShapeError, match=r"\(2,\) and values \(3,\)"):
        elastic_window([1, 2], np.zeros(3))


# the reference


def test_past_the_lowest_loss_a_trimmed_baseline_stays_at_it_and_an_untrimmed_one_rises():
    loss = np.array([5.0, 3.0, 4.0, 6.0])
    asked = [1, 2, 3, 4, 5, 9]
    np.testing.assert_array_equal(reference_loss(range(1, 5), loss, asked), [5, 3, 3, 3, 3, 3])
    np.testing.assert_array_equal(reference_loss(range(1, 5), loss, asked, trimmed=False), [5, 3, 4, 6, 3, 3])


@pytest.mark.parametrize("loss", [[1.0, np.nan], [np.inf, 1.0]])
def test_a_baseline_without_a_number_is_refused(loss):
    with pytest.raises(DegenerateError, match="NaN or infinite"):
        reference_loss([1, 2], np.array(loss), [1])


# recovery of loss


def test_recovery_counts_from_the_windows_last_epoch():
    # Window 3 to 5; back exactly at epoch 9.
    loss = [1e3] * 6 + [100.0 - 9]
    assert recover(loss) == Recovery(4, 4, "recovered")


def test_being_back_inside_the_window_is_no_recovery():
    assert recover([0.0, 0.0, 0.0, 1e3]).epochs is None


@pytest.mark.parametrize(("excess", "epochs"), [(0.0099, 1), (0.0101, None)])
def test_the_threshold_is_relative_and_inclusive(excess, epochs):
    assert recover([1e3] * 3 + [(1 + excess) * 94.0]).epochs == epochs
    assert recover([1e3] * 3 + [1.01 * 94.0]).epochs == 1


def test_a_wider_threshold_never_takes_longer():
    loss = FALLING[2:] * (1 + 0.5 / np.arange(1, 39))
    times = [recover(loss, threshold=t).epochs for t in (0.02, 0.03, 0.05, 0.2)]
    assert times == sorted(times, reverse=True)
    assert times == [22, 14, 7, 1]  # .5 / k <= t at k = 25, 17, 10, 3: epoch k + 2, the window ends at 5


def test_never_is_said_only_of_a_run_that_was_trained_to_its_end():
    high = [1e3] * 3
    assert recover(high + [500.0] * 10).status == "censored"  # ends at epoch 15 of 40, 9 after its lowest
    assert recover(high + [500.0] * 20).status == "censored"
    assert recover(high + [500.0] * 21).status == "never"  # stopped: 20 epochs without a lower loss
    still_falling = 1e3 - np.arange(35)
    assert recover([*high, *still_falling]).status == "never"  # trained as long as the baseline
    assert recover([*high, *still_falling[:-1]]).status == "censored"


def test_a_window_past_the_baselines_end_is_compared_with_its_lowest_loss():
    found = recover([1e3] * 8 + [60.5], start=36, end=43)
    assert found == Recovery(1, 1, "recovered")
    assert recover([1e3] * 9, start=36, end=43).status == "censored"


def test_a_record_that_ends_inside_its_window_says_nothing():
    assert recover([1e3] * 2, end=9) == Recovery(None, 0, "censored")


def test_a_loss_of_nan_is_no_recovery():
    assert recover([1e3] * 3 + [np.nan, 1.0]).epochs == 2
    assert recover([1e3] * 3 + [np.nan] * 40).status == "censored"


def test_the_published_never_is_an_artefact_of_trimming():
    base = np.array([10.0, 5.0, 6.0, 6.0, 6.0])
    loss = [9.0, 6.03, 6.03, 6.03]
    assert recover(loss, start=2, end=2, base=base).status == "never"
    assert recover(loss, start=2, end=2, base=base, trimmed=False) == Recovery(1, 3, "recovered")


@given(
    st.lists(st.floats(50, 120), min_size=1, max_size=50),
    st.integers(1, 45),
    st.integers(1, 10),
    st.floats(0, 0.2),
    st.booleans(),
)
def test_recovery_equals_the_loop_of_the_study(loss, start, length, threshold, trimmed):
    base = FALLING + np.maximum(0, EPOCHS - 30) * 3.0  # rises after epoch 30
    end = start + length - 1
    kept = base[: int(np.argmin(base)) + 1] if trimmed else base
    expected = None
    for epoch, value in zip(range(start, start + len(loss)), loss, strict=True):
        if epoch <= end:
            continue
        target = kept[epoch - 1] if epoch <= len(kept) else kept.min()
        if value <= (1 + threshold) * target:
            expected = epoch - end
            break
    found = recover(loss, start=start, end=end, base=base, threshold=threshold, trimmed=trimmed)
    assert found.epochs == expected
    assert (found.status == "recovered") == (expected is not None)


# recovery of alignment


def aligned(rsa, *, start=3, end=5, base=None, **how):
    base = np.linspace(0, 1, 40) if base is None else base
    epochs = np.arange(start, start + len(rsa))
    return alignment_recovery(epochs, np.asarray(rsa, float), np.arange(1, 41), base, end=end, **how)


@pytest.mark.parametrize("off", [0.0099, -0.0099])
def test_alignment_is_back_within_the_margin_on_either_side(off):
    assert aligned([0, 0, 0, 0.9, 6 / 39 + off]).epochs == 2
    assert aligned([0, 0, 0, 0.9, 6 / 39 + 1.1 * off]).epochs is None


def test_alignment_is_compared_only_where_the_baseline_has_the_epoch():
    flat = np.full(40, 0.5)
    assert aligned([0.0] * 3 + [0.5] * 9, start=38, end=40, base=flat) == Recovery(None, 0, "censored")
    assert aligned([0.0] * 38, base=flat) == Recovery(None, 35, "never")
    assert aligned([0.0] * 37, base=flat) == Recovery(None, 34, "censored")


def test_an_undefined_alignment_is_no_recovery():
    assert aligned([0.0] * 3 + [np.nan, 0.5], base=np.full(40, 0.5)).epochs == 2


# summaries


def test_the_deviation_is_that_of_a_sample():
    assert mean_and_sd([1.0, 2.0, 3.0]) == (2.0, 1.0)
    assert mean_and_sd([1.0, np.nan, 3.0]) == (2.0, pytest.approx(np.sqrt(2)))
    assert mean_and_sd([4.0]) == (4.0, None)
    assert mean_and_sd([]) == (None, None)


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=30))
def test_rank_correlation_is_spearmans(pairs):
    x, y = np.array(pairs, dtype=float).T
    found = rank_correlation(x, y)
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert found is None
    else:
        assert found == pytest.approx(spearmanr(x, y).statistic, abs=1e-12)


def test_rank_correlation_leaves_out_what_is_absent():
    assert rank_correlation([1, 2, 3, 4], [2.0, np.nan, 5.0, 9.0]) == pytest.approx(1)
    assert rank_correlation([1, 2], [3.0, 4.0]) is None
    with pytest.raises(ShapeError, match="3 and 2 values"):
        rank_correlation([1, 2, 3], [1.0, 2.0])


def back(epochs):
    return Recovery(epochs, 100, "recovered")


def away(followed):
    return Recovery(None, followed, "censored")


def test_without_censoring_the_median_duration_is_where_half_are_back():
    assert median_duration([back(n) for n in (1, 2, 3, 4)]) == 2
    assert median_duration([back(n) for n in (5, 1, 3)]) == 3


def test_a_censored_run_is_neither_dropped_nor_lost():
    # Kaplan and Meier by hand: 3/4 away after 1; the run censored at 2 leaves two at risk: 3/8 after 3.
    assert median_duration([back(1), away(2), back(3), back(9)]) == 3
    assert median_duration([back(1), back(3), back(9)]) == 3
    assert median_duration([back(1), away(9), away(9), away(9)]) is None
    assert median_duration([]) is None
    assert median_duration([back(3), away(3)]) == 3  # away at 3, so at risk at 3


# means over runs


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=9, unique=True))
def test_the_interval_of_a_mean_is_students(values):
    found, test = sample_mean([*values, np.nan]), ttest_1samp(values, 0)
    if np.std(values) > 1e-6:
        interval = test.confidence_interval()
        assert (found.low, found.high) == pytest.approx((interval.low, interval.high), abs=1e-9)
        assert found.p == pytest.approx(test.pvalue)
        assert (found.n, found.sd) == (len(values), pytest.approx(np.std(values, ddof=1)))


def test_one_value_has_no_interval_and_none_has_no_mean():
    assert sample_mean([2.5]) == SampleMean(1, 2.5)
    assert sample_mean([np.nan]) == SampleMean(0)


def test_equal_values_are_no_certainty():
    assert sample_mean([0.25] * 3) == SampleMean(3, 0.25, 0.0, equal=True)
    assert sample_mean([0.0] * 3).p is None
    near = [0.3, 0.3 + 1e-15, 0.3]
    assert sample_mean(near).p is not None
    assert sample_mean(near, rounding=1e-14).equal


# how fast a course rises


def test_a_course_reaches_a_share_of_its_final_value():
    course = [np.nan, -1.0, 0.2, 0.5, 0.3, 0.8, np.nan]
    assert first_reaching(range(7), course) == 3
    assert first_reaching(range(7), course, share=0.7) == 5
    assert first_reaching([4], [0.1]) == 4


@pytest.mark.parametrize("course", [[0.9, 0.0], [0.9, -0.1], [np.nan, np.nan]])
def test_a_course_that_ends_at_nothing_has_no_half(course):
    assert first_reaching([0, 1], course) is None
