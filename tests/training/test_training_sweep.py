"""Sweeps: every run once, no epoch twice, the same whatever the order, failures alone."""

from __future__ import annotations

import csv

import pytest
from problems import problem

from repalign.training.run_spec import RunSpec
from repalign.training.running import run_sweep
from repalign.training.sweep import Sweep, Windows, epochs_to_train, expand
from repalign.training.trainer import LAST, train

MADE = {**problem().spec, "maker": "problems:made"}


def sweep(**more):
    base = RunSpec(problem=MADE, epochs=6, batch_size=16, patience=None)
    grid = Windows(kinds=("target_noise",), starts=(2, 3), lengths=(1, 2, 3))
    single = Windows(kinds=("label_shuffle", "skipped_epoch"), starts=(1, 4), follow=0)
    return Sweep(**{"baseline": base, "windows": (grid, single), **more})


def test_runs_are_planned_once_and_begin_from_what_they_share():
    stages = expand(sweep())
    runs = [each for stage in stages for each in stage]
    assert len({each.spec.digest for each in runs}) == len(runs) == 1 + 6 + 4
    base = stages[0][0]
    assert base.keep == {0, 1, 2, 3}
    by_digest = {each.spec.digest: each for each in runs}
    for each in runs[1:]:
        before, epoch = each.start
        assert by_digest[before].spec.path_to(epoch) == each.spec.path_to(epoch)
        assert epoch in by_digest[before].keep


def test_epochs_saved_are_those_of_shared_prefixes():
    trained, alone = epochs_to_train(expand(sweep()))
    # 6 of the baseline; grid: 5 + 4 + 3 from epochs 1, 2, 3 and 4 + 3 + 2; single epochs: 1 each.
    assert trained == 6 + (5 + 4 + 3) + (4 + 3 + 2) + 4
    assert alone == 6 * 7 + (1 + 4) * 2


def test_a_sweep_ends_where_runs_from_scratch_end(tmp_path):
    _, report = run_sweep(sweep(), tmp_path)
    assert len(report.computed) == 11
    assert not report.failed
    deepest = expand(sweep())[3][0].spec
    train(problem_of(deepest), deepest, tmp_path / "scratch")
    assert (tmp_path / "scratch" / LAST).read_bytes() == (
        tmp_path / "runs" / deepest.digest / LAST
    ).read_bytes()
    _, again = run_sweep(sweep(), tmp_path)
    assert len(again.skipped) == 11
    with (tmp_path / "runs" / deepest.digest / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows if row["perturbed"] == "True"] == ["2", "3", "4"]


def problem_of(spec):
    from problems import made

    return made(spec.problem, {})


def test_a_grown_sweep_trains_only_what_is_new(tmp_path):
    run_sweep(sweep(windows=()), tmp_path)
    results, report = run_sweep(sweep(), tmp_path)
    assert not report.failed
    assert len({row.run for row in results.scores()}) == 11


def test_a_run_whose_predecessor_is_missing_fails_alone(tmp_path):
    late = Windows(kinds=("target_noise",), starts=(5,), lengths=(1,))
    early = Windows(kinds=("target_noise",), starts=(1,), lengths=(1,))
    still = {"kind": "sgd", "rate": 1e-12, "momentum": 0.0, "weight_decay": 0.0}
    base = RunSpec(problem=MADE | {"probes": False}, epochs=6, batch_size=16, patience=1, optimiser=still)
    _, report = run_sweep(Sweep(baseline=base, windows=(late, early)), tmp_path)
    messages = [outcome.error["message"] for outcome in report.failed]
    assert all("no state at epoch 4 to begin from" in each for each in messages)
    assert len(report.computed) == 3 - len(messages)


def test_a_perturbed_baseline_and_misspelt_settings_are_refused():
    window = {"kind": "target_noise", "first": 1, "length": 1}
    with pytest.raises(ValueError, match="not perturbed"):
        sweep(baseline=RunSpec(problem=MADE, perturbation=window))
    with pytest.raises(ValueError, match="Extra inputs"):
        Sweep(baseline=RunSpec(problem=MADE), window=())
