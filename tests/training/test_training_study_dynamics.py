"""Numbers of a study over seeds: against the formulas of a made-up one, scipy, brute force and simulation."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from made_up_study import (
    BRAIN,
    CEILINGS,
    DIMENSIONS,
    KINDS,
    LAYERS,
    MEASURES,
    REGION,
    TARGETS,
    baseline_loss,
    baseline_rsa,
    effect,
    write_study,
)
from scipy.stats import binom, t, ttest_1samp

from repalign.data import ResultsDir, Score, ScoreTable
from repalign.errors import FileError, InputError, TooFewError, UnknownNameError
from repalign.training.study_cells import EQUAL, Effect, cells_of
from repalign.training.study_dynamics import study_dynamics
from repalign.training.study_runs import Place, read_runs
from repalign.training.sweep import Windows

SEEDS, EPOCHS = (0, 1, 2), range(13)
ONE = (Windows(kinds=("target_noise",), starts=(3,)),)
LONG = (Windows(kinds=("target_noise",), starts=(3,), lengths=(2,), follow=2),)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def found(study):
    return study_dynamics(study)


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    """Two noise seeds for each of three seeds."""
    windows = (Windows(kinds=KINDS[:2], starts=(3, 5)),)
    folder = tmp_path_factory.mktemp("noisy")
    return study_dynamics(write_study(folder, noise_seeds=(0, 7), epochs=6, windows=windows))


def small(folder, **how):
    return write_study(folder, **{"epochs": 6, "windows": ONE, **how})


# effects


def test_effects_are_runs_minus_the_baseline_of_their_seed(found):
    assert len(found.cells) == (4 * 2 + 1) + 4 * 5 + 2 * 2
    for cell in found.cells:
        where = cell["kind"], cell["start"], cell["length"]
        known = np.array([effect(*where, seed, 0, cell["start"]) for seed in SEEDS])
        assert cell["delta_loss"] == pytest.approx(known[:, 0].mean())
        assert cell["delta_rsa"] == pytest.approx(known[:, 1].mean())
        assert (cell["n_seeds"], cell["n_noise"], cell["reason"]) == (3, 1, None)


def test_noise_seeds_are_averaged_within_a_seed_before_seeds_are_tested(noisy):
    for cell in noisy.cells:
        where = cell["kind"], cell["start"], 1
        runs = np.array([[effect(*where, seed, noise, cell["start"]) for noise in (0, 7)] for seed in SEEDS])
        for i, name in enumerate(("loss", "rsa")):
            by_seed = runs[:, :, i].mean(axis=1)
            test = ttest_1samp(by_seed, 0)
            assert cell[f"{name}_p"] == pytest.approx(test.pvalue)
            interval = test.confidence_interval()
            assert (cell[f"{name}_low"], cell[f"{name}_high"]) == pytest.approx((interval.low, interval.high))
        assert cell["sd_seed"] == pytest.approx(by_seed.std(ddof=1))
        assert cell["sd_noise"] == pytest.approx(np.sqrt(runs[:, :, 1].var(axis=1, ddof=1).mean()))
        assert (cell["n_seeds"], cell["n_noise"]) == (3, 2)
    assert len(noisy.seeds) == 6


def test_p_values_are_corrected_within_a_figure(found):
    for figure in ("types", "sweep", "lengths"):
        for name in ("loss", "rsa"):
            cells = [cell for cell in found.cells if cell["figure"] == figure]
            p = sorted(cell[f"{name}_p"] for cell in cells)
            for cell in cells:
                below = [k for k, each in enumerate(p) if each <= cell[f"{name}_p"]]
                stepped = max(p[k] * (len(p) - k) for k in below)
                assert cell[f"{name}_p_holm"] == pytest.approx(min(stepped, 1))


def test_one_seed_has_no_interval_and_no_test(tmp_path):
    alone = study_dynamics(small(tmp_path, seeds=(3,)))
    cell, row = alone.cells[0], alone.baseline[0]
    assert cell["reason"] == "one seed: no test"
    assert [cell[f"{n}_{w}"] for n in ("loss", "rsa") for w in ("low", "high", "p", "p_holm")] == [None] * 8
    assert cell["delta_rsa"] == pytest.approx(effect("target_noise", 3, 1, 3, 0, 3)[1])
    assert (row["rsa_sd"], row["rsa_low"], row["loss_high"]) == (None, None, None)
    assert alone.jitter == {"rsa_sd": None, "loss_sd": None, "n_seeds": 1, "reason": "one seed: no test"}
    assert "one seed: no test" in alone.messages


def test_two_seeds_have_one_degree_of_freedom(tmp_path):
    cell = study_dynamics(small(tmp_path, seeds=(0, 1))).cells[0]
    a, b = (effect("target_noise", 3, 1, seed, 0, 3)[0] for seed in (0, 1))
    half = t.ppf(0.975, 1) * abs(a - b) / 2
    assert (cell["loss_low"], cell["loss_high"]) == pytest.approx(((a + b) / 2 - half, (a + b) / 2 + half))


def test_seeds_that_differ_by_the_same_have_no_p():
    place = Place("sweep", "target_noise", 3, 1)
    # 0.3 as differences of decimal numbers: equal but for rounding.
    effects = [Effect(seed, 0, (x + 0.3) - x, 0.1 * seed, size=x) for seed, x in enumerate((0.1, 7.7, 91.3))]
    assert len({each.loss for each in effects}) > 1
    (cell,) = cells_of({place: effects})
    assert (cell["loss_p"], cell["loss_p_holm"], cell["loss_low"]) == (None, None, None)
    assert cell["reason"] == f"loss: {EQUAL}"
    assert cell["rsa_p_holm"] == cell["rsa_p"] > 0


def simulated(n_studies, n_cells, *, n_seeds=3, truth=0.0):
    """Cells of studies whose seeds are normal; a small effect of noise on top."""
    draws = np.random.default_rng(5)
    for _ in range(n_studies):
        effects = {}
        for k in range(n_cells):
            seeds = truth + draws.normal(size=n_seeds)
            effects[Place("sweep", "target_noise", k + 1, 1)] = [
                Effect(seed, noise, value + 0.2 * draws.normal(), value + 0.2 * draws.normal())
                for seed, value in enumerate(seeds)
                for noise in range(2)
            ]
        yield cells_of(effects)


def test_intervals_cover_as_often_as_they_say():
    n = 400
    cells = [cells[0] for cells in simulated(n, 1, truth=0.7)]
    for name in ("loss", "rsa"):
        covered = sum(cell[f"{name}_low"] <= 0.7 <= cell[f"{name}_high"] for cell in cells)
        low, high = binom.ppf([0.001, 0.999], n, 0.95)
        assert low <= covered <= high


def test_false_alarms_are_rare_over_the_cells_of_a_figure():
    n = 300
    studies = list(simulated(n, 8))
    for name in ("loss", "rsa"):
        alarms = sum(any(cell[f"{name}_p_holm"] <= 0.05 for cell in cells) for cells in studies)
        uncorrected = sum(any(cell[f"{name}_p"] <= 0.05 for cell in cells) for cells in studies)
        assert alarms <= binom.ppf(0.999, n, 0.05)
        assert uncorrected > binom.ppf(0.999, n, 0.05)


# baselines


def test_the_baseline_is_the_mean_over_seeds(found):
    assert [row["epoch"] for row in found.baseline] == list(EPOCHS)
    for row in found.baseline:
        for name, course in (("loss", baseline_loss), ("rsa", baseline_rsa)):
            values = [course(row["epoch"], seed) for seed in SEEDS]
            interval = ttest_1samp(values, 0).confidence_interval()
            assert row[f"{name}_mean"] == pytest.approx(np.mean(values))
            assert row[f"{name}_sd"] == pytest.approx(np.std(values, ddof=1))
            assert (row[f"{name}_low"], row[f"{name}_high"]) == pytest.approx((interval.low, interval.high))


def test_jitter_is_the_spread_between_seeds(found):
    values = np.array([[baseline_rsa(epoch, seed) for epoch in EPOCHS] for seed in SEEDS])
    assert found.jitter["rsa_sd"] == pytest.approx(np.sqrt(values.var(axis=0, ddof=1).mean()))
    assert found.jitter["n_seeds"] == 3


def test_a_baseline_that_stopped_early_counts_while_it_lasts(tmp_path):
    def last(spec):
        return 4 if spec.perturbation is None and spec.seed == 1 else spec.last_epoch

    late = (*ONE, Windows(kinds=("target_noise",), starts=(6,)))
    results = small(tmp_path, last=last, windows=late, leave_out=lambda s: s.seed == 1 and _starts(s, 6))
    found = study_dynamics(results)
    assert [row["n"] for row in found.baseline] == [3] * 5 + [2] * 2
    assert "baseline, seed 1: ended early, at epoch 4 of at most 6" in found.messages
    assert any("past epoch 4 means are over fewer seeds" in each for each in found.messages)
    assert (
        "the baseline of seed 1 ended at epoch 4: 1 run planned for later epochs cannot be" in found.messages
    )
    assert not any("not there" in each for each in found.messages)
    assert [cell["n_seeds"] for cell in found.cells] == [3, 2]


def _starts(spec, epoch):
    return spec.perturbation is not None and spec.perturbation.first == epoch


def test_courses_are_there_for_every_alignment(found):
    where = [(c["target"], c["region"], c["layer"], c["measure"]) for c in found.courses]
    behaviour = [(n, "behaviour", layer, m) for n in TARGETS for layer in LAYERS for m in MEASURES]
    assert where == behaviour + [(BRAIN, REGION, "output", measure) for measure in MEASURES]
    for course in found.courses[:8]:
        assert (course["ceiling_lower"], course["ceiling_upper"]) == CEILINGS[course["target"]]
        own = {"target": course["target"], "layer": course["layer"]}
        less = 0.01 * MEASURES.index(course["measure"])
        values = [np.mean([baseline_rsa(e, seed, **own) - less for seed in SEEDS]) for e in EPOCHS]
        np.testing.assert_allclose(course["mean"], values)
        assert all(low < mid < high for low, mid, high in zip(*_band(course), strict=True))
    assert found.courses[-1]["ceiling_lower"] is None
    assert found.courses[-1]["reason"] == "one subject: no ceiling"


def _band(course):
    return course["low"], course["mean"], course["high"]


def test_what_was_tested_over_stimuli_is_kept_as_it_is(found):
    tested = found.courses[0]["tested"]
    assert [(row["epoch"], row["seed"]) for row in tested] == [(e, s) for e in (0, 5, 10) for s in SEEDS]
    for row in tested:
        value = baseline_rsa(row["epoch"], row["seed"])
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((value - 0.05, value + 0.05))
        assert row["p"] == 0.001


def test_dimensions_come_in_the_order_in_which_they_are_learned(found):
    assert [row["dimension"] for row in found.dimensions] == list(DIMENSIONS)
    # Logistic courses with their middles at 1.5 and 3.5; the last one ends below 0.
    assert [row["half"] for row in found.dimensions] == [2, 4, None]
    assert found.dimensions[0]["r2"][2] == pytest.approx(0.8 / (1 + np.exp(-0.5)), abs=0.003)


# recovery


def test_recovery_is_counted_for_each_seed(found):
    assert [(row["start"], row["length"]) for row in found.recovery] == [(2, 2), (2, 4), (5, 2), (5, 4)]
    for row in found.recovery:
        end = row["start"] + row["length"] - 1
        for name, back in (("loss", _loss_is_back), ("alignment", _rsa_is_back)):
            assert [each["seed"] for each in row[name]] == list(SEEDS)
            for each in row[name]:
                after = [e - end for e in range(end + 1, 13) if back(row, each["seed"], e)]
                assert each["epochs"] == (after[0] if after else None)
                assert each["followed"] == 12 - end
        away = [each["epochs"] or 99 for each in row["loss"]]
        assert row["median"] == (sorted(away)[1] if sorted(away)[1] < 99 else None)
        assert row["n_recovered"] + row["n_never"] + row["n_censored"] == 3
    summary = found.recovery_summary
    assert summary["n_recovered"] == sum(row["n_recovered"] for row in found.recovery)
    assert len(summary["swept"]) == 6
    assert summary["alignment"]["margin"] == 0.01


def _loss_is_back(row, seed, epoch):
    above = effect(row["kind"], row["start"], row["length"], seed, 0, epoch)[0]
    losses = [baseline_loss(e, seed) for e in EPOCHS]
    lowest = int(np.argmin(losses))
    return losses[epoch] + above <= 1.01 * (losses[epoch] if epoch <= lowest else losses[lowest])


def _rsa_is_back(row, seed, epoch):
    return abs(effect(row["kind"], row["start"], row["length"], seed, 0, epoch)[1]) <= 0.01


def test_a_run_that_was_not_followed_to_its_recovery_is_censored(tmp_path):
    found = study_dynamics(small(tmp_path, windows=LONG, epochs=12))
    assert [each["status"] for each in found.recovery[0]["loss"]] == ["censored"] * 3
    assert found.recovery[0]["n_censored"] == 3
    assert any(each.startswith("3 of 3 runs were followed for 2 epochs") for each in found.messages)


def test_extremes_are_best_values_minus_the_baselines(found):
    for row in found.extremes:
        after = range(row["start"], 13)
        where = row["kind"], row["start"], row["length"]
        lowest, highest = [], []
        for seed in SEEDS:
            added = np.array([effect(*where, seed, 0, e) for e in after])
            loss = [baseline_loss(e, seed) for e in EPOCHS]
            rsa = [baseline_rsa(e, seed) for e in EPOCHS]
            lowest.append((np.array(loss)[row["start"] :] + added[:, 0]).min() - min(loss))
            highest.append((np.array(rsa)[row["start"] :] + added[:, 1]).max() - max(rsa))
        assert row["delta_min_loss"] == pytest.approx(np.mean(lowest))
        assert row["delta_max_rsa"] == pytest.approx(np.mean(highest))
        interval = ttest_1samp(lowest, 0).confidence_interval()
        assert (row["loss_low"], row["loss_high"]) == pytest.approx((interval.low, interval.high))


# one seed as published runs are analysed


def test_each_seed_is_analysed_as_published_runs_are(found):
    assert [(each["seed"], each["noise_seed"]) for each in found.seeds] == [(seed, 0) for seed in SEEDS]
    for each in found.seeds:
        dynamics, seed = each["dynamics"], each["seed"]
        assert [row["kind"] for row in dynamics["types"]] == [k for k in KINDS for _ in (4, 8)] + [
            "frozen_epoch"
        ]
        assert [row["epoch"] for row in dynamics["sweep"]["rows"]] == [2, 4, 6, 8, 10]
        for row in dynamics["sweep"]["rows"]:
            known = effect("target_noise", row["epoch"], 1, seed, 0, row["epoch"])
            assert (row["delta_loss"], row["delta_rsa"]) == pytest.approx(known)
        rows = [r for r in found.recovery if (r["start"], r["length"]) == (2, 4)]
        own = next(r for r in dynamics["recovery"]["rows"] if (r["start"], r["length"]) == (2, 4))
        assert own["epochs"] == rows[0]["loss"][seed]["epochs"]
        assert len(dynamics["heatmap"]) == 4
        assert dynamics["baseline"]["rsa"]["5"] == pytest.approx(baseline_rsa(5, seed))
    assert found.about["sweep_kind"] == "target_noise"


def test_without_a_figure_of_kinds_all_kinds_of_the_sweep_are_compared(noisy):
    for each in noisy.seeds:
        assert {row["kind"] for row in each["dynamics"]["types"]} == set(KINDS[:2])
        assert each["dynamics"]["sweep"]["n"] == 2
        rows = each["dynamics"]["sweep"]["rows"]
        known = [effect(KINDS[0], e, 1, each["seed"], each["noise_seed"], e)[0] for e in (3, 5)]
        assert [row["delta_loss"] for row in rows] == pytest.approx(known)


# what is chosen


def test_the_first_probe_is_shown_unless_another_is_asked_for(study, found):
    chosen = {name: found.about[name] for name in ("target", "region", "layer", "measure", "loss")}
    assert chosen == {
        "target": TARGETS[0],
        "region": "behaviour",
        "layer": "output",
        "measure": MEASURES[0],
        "loss": "loss-mse",
    }
    assert found.about["n_runs"] == 3 * (1 + 4 * 5 + 1 + 4)
    assert found.ceiling == {"lower": 0.8, "upper": 0.86, "reason": None}
    brain = study_dynamics(study, target=BRAIN, measure=MEASURES[1])
    assert (brain.about["region"], brain.about["measure"]) == (REGION, MEASURES[1])
    assert brain.ceiling == {"lower": None, "upper": None, "reason": "one subject: no ceiling"}
    assert brain.baseline[4]["rsa_mean"] == pytest.approx(
        np.mean([baseline_rsa(4, seed, target=BRAIN) - 0.01 for seed in SEEDS])
    )
    assert study_dynamics(study, region=REGION).about["target"] == BRAIN
    inner = study_dynamics(study, layer="layer3").cells[0]
    assert inner["delta_rsa"] == pytest.approx(found.cells[0]["delta_rsa"])


def test_behaviour_comes_before_regions_of_a_brain(tmp_path):
    def change(row):
        return replace(row, target=TARGETS[0]) if row.target == BRAIN else row

    found = study_dynamics(small(tmp_path, seeds=(0,), change=change))
    assert found.about["region"] == "behaviour"
    assert {course["region"] for course in found.courses} == {"behaviour", REGION}


def test_alignment_without_a_layer_is_that_of_the_output(tmp_path):
    def change(row):
        return replace(row, layer=None) if row.target == BRAIN else None if row.layer else row

    found = study_dynamics(small(tmp_path, seeds=(0,), change=change))
    assert (found.about["target"], found.about["layer"]) == (BRAIN, None)
    assert found.cells[0]["delta_rsa"] is not None


@pytest.mark.parametrize(
    "asked", [{"target": "made/down"}, {"layer": "conv1"}, {"region": "V9"}, {"measure": "cka"}]
)
def test_what_was_not_measured_cannot_be_chosen(study, asked):
    with pytest.raises(UnknownNameError, match="named"):
        study_dynamics(study, **asked)


def test_a_threshold_is_no_negative_number(study):
    with pytest.raises(InputError, match="threshold"):
        study_dynamics(study, threshold=-0.1)


def test_probes_order_targets_as_they_are_listed(tmp_path):
    results = small(tmp_path, seeds=(0,))
    spec = results.spec()
    spec["training"]["probes"] = [{"target": BRAIN}, {"benchmark": TARGETS[0], "measures": [MEASURES[1]]}]
    results.write_spec(spec)
    assert study_dynamics(results).about["target"] == BRAIN
    assert study_dynamics(results, target=TARGETS[0]).about["measure"] == MEASURES[1]
    # A form that is not listed comes after the one that is, with its measures.
    within = study_dynamics(results, target=TARGETS[1])
    assert within.about["measure"] == MEASURES[1]
    assert list(dict.fromkeys(course["target"] for course in within.courses)) == [BRAIN, *TARGETS]


def test_without_listed_probes_the_problems_are_taken_or_names_are_sorted(tmp_path):
    problem = {"probes": [{"benchmark": TARGETS[1], "measures": []}]}
    assert study_dynamics(own_order(tmp_path / "own", problem)).about["target"] == TARGETS[1]
    assert study_dynamics(own_order(tmp_path / "none", {})).about["target"] == BRAIN


def own_order(folder, problem):
    results = small(folder, seeds=(0,), problem=problem)
    spec = results.spec()
    del spec["training"]["probes"]
    results.write_spec(spec)
    return results


# what is not there


def test_runs_that_are_not_there_yet_are_counted(tmp_path):
    def leave_out(spec):
        return spec.perturbation is not None and spec.seed == 2

    found = study_dynamics(small(tmp_path, leave_out=leave_out))
    assert found.cells[0]["n_seeds"] == 2
    assert found.cells[0]["loss_p"] is not None
    assert any(each.startswith("1 of 6 planned runs are not there") for each in found.messages)


def test_a_cell_without_any_run_is_shown_empty(tmp_path):
    found = study_dynamics(
        small(tmp_path, windows=LONG, leave_out=lambda spec: spec.perturbation is not None)
    )
    (cell,) = found.cells
    assert (cell["n_seeds"], cell["delta_loss"], cell["reason"]) == (0, None, "no run is there yet")
    assert found.recovery[0]["loss"] == []
    assert found.recovery[0]["median"] is None
    json.dumps(found.as_dict(), allow_nan=False)


def test_a_seed_without_its_baseline_has_no_effects(tmp_path):
    found = study_dynamics(
        small(tmp_path, leave_out=lambda spec: spec.perturbation is None and spec.seed == 1)
    )
    assert found.about["seeds"] == [0, 2]
    assert found.cells[0]["n_seeds"] == 2
    assert "baseline, seed 1: not there; runs of this seed have no effect" in found.messages


def test_without_a_baseline_there_is_nothing_to_compare_with(tmp_path):
    with pytest.raises(TooFewError, match="no baseline"):
        study_dynamics(small(tmp_path, seeds=(0,), leave_out=lambda spec: spec.perturbation is None))


def test_another_folder_is_no_training_study(tmp_path):
    results = ResultsDir(tmp_path / "other")
    ScoreTable([Score(model="a", target="b", measure="c", value=0.5)]).to_parquet(
        results.scores_dir / "ab.parquet"
    )
    with pytest.raises(InputError, match="holds no training study"):
        study_dynamics(results)
    with pytest.raises(InputError, match="no row has an epoch"):
        study_dynamics(small(tmp_path / "empty", leave_out=lambda spec: True))


def test_a_damaged_sweep_is_refused(tmp_path):
    results = small(tmp_path, seeds=(0,))
    spec = results.spec()
    spec["training"]["sweep"]["seeds"] = "many"
    results.write_spec(spec)
    with pytest.raises(FileError, match="cannot be read"):
        study_dynamics(results)


def test_runs_of_another_sweep_are_left_out(tmp_path):
    results = small(tmp_path, seeds=(0, 1))
    spec = results.spec()
    spec["training"]["sweep"]["seeds"] = [0]
    results.write_spec(spec)
    found = study_dynamics(results)
    assert found.about["seeds"] == [0]
    assert "2 runs in the folder are not of this sweep and are left out" in found.messages


def test_superseded_units_and_single_subjects_do_not_count(tmp_path):
    results = small(tmp_path, seeds=(0,))
    before = study_dynamics(results).as_dict()
    for unit in results.units():
        path = results.scores_dir / f"{unit}.parquet"
        table = ScoreTable.from_parquet(path)
        table.to_parquet(results.scores_dir / f"{unit[::-1]}.parquet")
        alone = [
            replace(row, subject="s1", value=9.0, ceiling_lower=None, ceiling_upper=None, **_UNTESTED)
            for row in table
        ]
        ScoreTable([*table, *alone]).to_parquet(path)
    assert study_dynamics(results).as_dict() == before


_UNTESTED = {"ci_low": None, "ci_high": None, "p": None}


def test_epochs_from_the_first_loss_that_is_no_number_are_left_out(tmp_path):
    def change(row):
        diverged = (
            row.seed == 1 and row.target == "validation" and row.measure == "loss-mse" and row.epoch > 4
        )
        return replace(row, value=None) if diverged else row

    found = study_dynamics(small(tmp_path, change=change))
    assert [row["n"] for row in found.baseline] == [3] * 5 + [2] * 2
    assert "baseline, seed 1: the loss is nan at epoch 5; its 5 epochs before are kept" in found.messages
    assert any("past epoch 4 means are over fewer seeds" in each for each in found.messages)


def test_alignment_that_was_not_measured_leaves_the_loss(tmp_path):
    def change(row):
        return row if row.target in ("train", "validation") else None

    found = study_dynamics(small(tmp_path, change=change))
    cell = found.cells[0]
    assert (found.about["target"], found.courses, found.ceiling["lower"]) == (None, [], None)
    assert (cell["delta_rsa"], cell["rsa_p"], cell["reason"]) == (None, None, "RSA: no number")
    assert cell["loss_p"] > 0
    assert "no alignment was measured: there is loss alone" in found.messages
    json.dumps(found.as_dict(), allow_nan=False)


def is_loss_of_a_run(row, epoch):
    return row.perturbation and row.measure == "loss-mse" and row.epoch == epoch


@pytest.mark.parametrize(
    ("epoch", "seen", "n_seeds"),
    [(4, "the loss is nan at epoch 4; its 1 epochs", 1), (3, "the loss is nan at epoch 3; nothing", 0)],
)
def test_a_record_ends_at_its_first_gap(tmp_path, epoch, seen, n_seeds):
    results = small(tmp_path, seeds=(0,), change=lambda row: None if is_loss_of_a_run(row, epoch) else row)
    found = study_dynamics(results)
    assert any(seen in each for each in found.messages)
    assert found.cells[0]["n_seeds"] == n_seeds


def test_a_run_without_a_loss_cannot_be_used(tmp_path):
    def change(row):
        return None if row.seed == 1 and row.measure == "loss-mse" else row

    found = study_dynamics(small(tmp_path, change=change))
    assert "baseline, seed 1: no epoch has a loss; nothing of it can be used" in found.messages
    assert (found.about["seeds"], found.cells[0]["n_seeds"]) == ([0, 2], 2)


def test_a_run_that_begins_before_its_window_is_refused(tmp_path):
    def change(row):
        return replace(row, epoch=2) if is_loss_of_a_run(row, 6) else row

    with pytest.raises(FileError, match="its first row is epoch 2, its first perturbed one 3"):
        study_dynamics(small(tmp_path, seeds=(0,), change=change))


def test_a_row_that_is_there_twice_is_refused(tmp_path):
    results = small(tmp_path, seeds=(0,))
    path = results.scores_dir / f"{results.units()[0]}.parquet"
    table = ScoreTable.from_parquet(path)
    ScoreTable([*table, table[0]]).to_parquet(path)
    with pytest.raises(FileError, match="is there twice"):
        study_dynamics(results)


# the plan


def test_a_kind_with_several_settings_has_a_cell_for_each(tmp_path):
    windows = (
        Windows(kinds=("target_noise",), starts=(3,)),
        Windows(kinds=("target_noise",), starts=(3,), options={"target_noise": {"form": "permuted"}}),
    )
    found = study_dynamics(small(tmp_path, seeds=(0,), windows=windows))
    assert [cell["kind"] for cell in found.cells] == [
        "target_noise (as by default)",
        "target_noise (form=permuted)",
    ]
    assert found.about["sweep_kind"] == "target_noise (as by default)"


def test_of_two_records_in_one_place_the_longer_one_counts(tmp_path):
    windows = tuple(
        Windows(kinds=("target_noise",), starts=(3,), lengths=(2,), follow=follow) for follow in (None, 1, 0)
    )
    results = small(tmp_path, seeds=(0, 1), windows=windows, epochs=9)
    assert [each.run.epochs[-1] for each in read_runs(results).perturbed(None)] == [9, 9]
    assert study_dynamics(results).cells[0]["n_seeds"] == 2


def test_a_run_in_two_figures_is_in_both(study):
    places = [place for place, planned in read_runs(study).places() if planned.spec.seed == 0]
    assert Place("types", "blank_image", 4, 1) in places
    assert Place("sweep", "blank_image", 4, 1) in places
    assert list(dict.fromkeys(place.figure for place in places)) == ["types", "sweep", "lengths"]


# the form


def test_equal_folders_give_equal_plain_numbers(study, found):
    text = json.dumps(found.as_dict(), allow_nan=False)
    assert json.loads(text) == found.as_dict()
    assert json.dumps(study_dynamics(study).as_dict(), allow_nan=False) == text
    assert found.messages == []


def test_no_torch_is_needed():
    code = "import sys, repalign.training.study_dynamics; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
