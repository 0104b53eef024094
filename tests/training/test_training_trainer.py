"""The trainer: exact to the bit, whatever interrupts it; refusals that keep what was done."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from problems import build, part, problem
from safetensors.torch import load_file

from repalign.errors import DegenerateError, IdentityError
from repalign.training.perturbations import PERTURBATIONS
from repalign.training.problem import Problem
from repalign.training.run_spec import Optimiser, Perturbation, RunSpec
from repalign.training.steps import rate_at
from repalign.training.trainer import LAST, train

HERE = Path(__file__).parent


def spec(**more):
    return RunSpec(
        **{"problem": dict(problem().spec), "epochs": 6, "batch_size": 16, "patience": None, **more}
    )


def window(kind="target_noise", first=3, length=2, **options):
    return Perturbation(kind=kind, first=first, length=length, options=options)


def weights(folder):
    return load_file(folder / LAST)


def same(one, other):
    a, b = weights(one), weights(other)
    return set(a) == set(b) and all(torch.equal(a[k], b[k]) for k in a)


def test_a_run_leaves_what_it_says(tmp_path):
    run = train(problem(), spec(), tmp_path, keep=(0, 3))
    assert {p.name for p in tmp_path.iterdir()} == {
        *("spec.json", "split.json", "environment.json", "log.txt", "metrics.csv"),
        *(LAST, "scores", "snapshots"),
    }
    assert [row["epoch"] for row in run.state.history] == list(range(7))
    assert sorted(p.name for p in (tmp_path / "snapshots").iterdir()) == [
        "epoch-0000.safetensors",
        "epoch-0003.safetensors",
    ]
    assert run.state.history[-1]["train_loss"] < run.state.history[1]["train_loss"]
    probed = [score.epoch for score in run.scores() if score.measure == "spread"]
    losses = [score.value for score in run.scores().where(target="validation", measure="loss-mse")]
    assert probed == list(range(7))
    assert losses == [row["validation_loss"] for row in run.state.history]
    assert {score.run for score in run.scores()} == {run.spec.digest}


def test_equal_specs_give_equal_bytes_and_seeds_matter(tmp_path):
    for name, more in (("a", {}), ("b", {}), ("c", {"seed": 1})):
        train(problem(), spec(**more), tmp_path / name)
    assert (tmp_path / "a" / LAST).read_bytes() == (tmp_path / "b" / LAST).read_bytes()
    assert not same(tmp_path / "a", tmp_path / "c")


class StoppedError(Exception):
    pass


@pytest.mark.parametrize("at", [0, 1, 3, 5])
@pytest.mark.parametrize("labels", [False, True])
def test_an_interrupted_run_ends_in_the_same_bytes(tmp_path, at, labels):
    loss = "cross-entropy" if labels else "mse"
    asked = spec(problem=dict(problem(labels).spec), loss=loss, clip_norm=1.0)
    train(problem(labels), asked, tmp_path / "whole")

    def stop(row):
        if row["epoch"] == at + 1:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(problem(labels), asked, tmp_path / "cut", on_epoch=stop)
    train(problem(labels), asked, tmp_path / "cut")
    for name in (LAST, "metrics.csv"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "cut" / name).read_bytes()


def test_a_finished_run_is_not_trained_again(tmp_path):
    train(problem(), spec(), tmp_path)
    rows = []
    train(problem(), spec(), tmp_path, on_epoch=rows.append)
    assert rows == []


def test_the_training_loss_is_that_of_an_independent_loop(tmp_path):
    torch.manual_seed(0)
    asked = spec(
        optimiser=Optimiser(kind="sgd", rate=0.01, momentum=0, weight_decay=0), batch_size=50, epochs=1
    )
    linear = Problem(dict(problem().spec), lambda seed: _linear(), part(50, 1), part(21, 2))
    run = train(linear, asked, tmp_path)
    x = torch.from_numpy((part(50, 1).images / 255.0 - 0.5) / 0.25).double().flatten(1)
    y = torch.from_numpy(part(50, 1).targets)
    w = _linear()[1].weight.detach().double()
    loss = ((x @ w.T - y) ** 2).mean()
    assert run.state.history[1]["train_loss"] == pytest.approx(float(loss), rel=1e-5)
    moved = w - 0.01 * 2 * (x @ w.T - y).T @ x / y.numel()
    np.testing.assert_allclose(weights(tmp_path)["weight/1.weight"], moved, rtol=1e-4, atol=1e-6)


def _linear():
    torch.manual_seed(5)
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 5, bias=False))


def test_warm_up_and_cosine_follow_their_formula():
    asked = spec(optimiser=Optimiser(rate=0.2, warm_up=2, schedule="cosine"), epochs=6)
    assert [rate_at(asked, e) for e in (1, 2, 3)] == pytest.approx([0.1, 0.2, 0.2])
    assert rate_at(asked, 5) == pytest.approx(0.2 * 0.5 * (1 + math.cos(math.pi * 2 / 4)))


@pytest.mark.parametrize("kind", sorted(PERTURBATIONS))
def test_every_perturbation_acts_in_its_window_and_nowhere_before(tmp_path, kind):
    train(problem(), spec(), tmp_path / "base", keep="all")
    run = train(problem(), spec(perturbation=window(kind)), tmp_path / "run", keep="all")
    base = [load_file(tmp_path / "base" / "snapshots" / f"epoch-{e:04d}.safetensors") for e in range(7)]
    own = [load_file(run.snapshot(e)) for e in range(7)]
    key = "weight/5.weight"
    assert all(torch.equal(base[e][key], own[e][key]) for e in range(3))
    assert not torch.equal(base[3][key], own[3][key])
    assert torch.equal(own[2][key], own[3][key]) == (kind == "frozen_epoch")


@pytest.mark.parametrize("kind", sorted(PERTURBATIONS))
def test_a_run_from_the_baselines_snapshot_equals_one_from_scratch(tmp_path, kind):
    base = train(problem(), spec(), tmp_path / "base", keep=(2,))
    asked = spec(perturbation=window(kind))
    train(problem(), asked, tmp_path / "scratch")
    train(problem(), asked, tmp_path / "short", start=base.snapshot(2))
    assert (tmp_path / "scratch" / LAST).read_bytes() == (tmp_path / "short" / LAST).read_bytes()


@pytest.mark.parametrize("kind", sorted(set(PERTURBATIONS) - {"skipped_epoch"}))
def test_a_longer_window_continued_from_a_shorter_one_equals_one_from_scratch(tmp_path, kind):
    short = train(problem(), spec(perturbation=window(kind, 2, 2)), tmp_path / "short", keep=(3,))
    longer = spec(perturbation=window(kind, 2, 4))
    train(problem(), longer, tmp_path / "scratch")
    train(problem(), longer, tmp_path / "continued", start=short.snapshot(3))
    assert (tmp_path / "scratch" / LAST).read_bytes() == (tmp_path / "continued" / LAST).read_bytes()


def test_snapshots_of_other_runs_are_refused(tmp_path):
    base = train(problem(), spec(), tmp_path / "base", keep=(2, 4))
    asked = spec(perturbation=window())
    with pytest.raises(IdentityError, match="another run at epoch 4"):
        train(problem(), asked, tmp_path / "late", start=base.snapshot(4))
    with pytest.raises(IdentityError, match="another run"):
        train(problem(), spec(seed=1), tmp_path / "seed", start=base.snapshot(2))
    with pytest.raises(IdentityError, match="holds another run"):
        train(problem(), spec(seed=1), tmp_path / "base")


def test_early_stopping_counts_epochs_without_improvement_and_not_those_of_a_window(tmp_path):
    still = Optimiser(kind="sgd", rate=1e-12, momentum=0, weight_decay=0)

    def constant(seed):
        return _linear()

    flat = Problem(dict(problem().spec), constant, part(50, 1), part(21, 2))
    run = train(flat, spec(epochs=30, patience=4, optimiser=still), tmp_path / "a")
    assert run.state.stopped.startswith("no lower validation loss for 4 epochs")
    ended = run.state.epoch
    perturbed = spec(epochs=30, patience=4, optimiser=still, perturbation=window("frozen_epoch", 2, 3))
    assert train(flat, perturbed, tmp_path / "b").state.epoch == ended + 3


def test_a_window_past_the_end_and_misspelt_settings_are_refused():
    with pytest.raises(ValueError, match="ends after the last of 6 epochs"):
        spec(perturbation=window(first=6, length=2))
    with pytest.raises(Exception, match="target_noise"):
        window("target-nois")
    with pytest.raises(Exception, match="form"):
        window(form="gausian")


def test_a_loss_that_is_not_finite_stops_the_run_and_keeps_what_was_done(tmp_path):
    wild = spec(optimiser=Optimiser(kind="sgd", rate=1e8, momentum=0, weight_decay=0), epochs=20)
    with pytest.raises(DegenerateError, match=r"loss is (nan|inf) in epoch") as caught:
        train(problem(), wild, tmp_path)
    kept = int(caught.value.hint.split(" are kept")[0].rpartition(" ")[2])
    lines = (tmp_path / "metrics.csv").read_text().splitlines()
    assert len(lines) == kept + 2
    assert "nan" not in lines[-1]


def test_mixed_precision_trains_and_resumes_exactly(tmp_path):
    asked = spec(precision="bfloat16", epochs=3)
    train(problem(), asked, tmp_path / "a")
    train(problem(), asked, tmp_path / "b")
    assert (tmp_path / "a" / LAST).read_bytes() == (tmp_path / "b" / LAST).read_bytes()
    train(problem(), spec(epochs=3), tmp_path / "c")
    assert not same(tmp_path / "a", tmp_path / "c")


def started(*arguments, processes=0):
    main = [str(HERE / "trainer_main.py"), *map(str, arguments)]
    if processes:
        main = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", *main]
    nowhere = subprocess.DEVNULL
    return subprocess.Popen([sys.executable, *main], stdout=nowhere, stderr=nowhere)


@pytest.mark.slow
def test_kills_at_random_instants_change_no_byte(tmp_path):
    assert started(tmp_path / "whole").wait() == 0
    draw = np.random.default_rng(0)
    for _ in range(20):
        process = started(tmp_path / "cut")
        time.sleep(float(draw.uniform(1.0, 4.0)))
        process.kill()
        process.wait()
    assert started(tmp_path / "cut").wait() == 0
    for name in (LAST, "metrics.csv"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "cut" / name).read_bytes()


@pytest.mark.slow
def test_two_processes_measure_what_one_measures_and_resume_exactly(tmp_path):
    for name, processes in (("one", 0), ("two", 2), ("cut", 2)):
        if name == "cut":
            process = started(tmp_path / name, processes=2)
            while not (tmp_path / name / LAST).exists():
                time.sleep(0.1)
            process.terminate()
            process.wait()
        assert started(tmp_path / name, processes=processes).wait() == 0
    histories = [(tmp_path / name / "metrics.csv").read_text().splitlines()[1:] for name in ("one", "two")]
    for left, right in zip(*histories, strict=True):
        a, b = ([float(x) for x in row.split(",") if x not in ("", "True", "False")] for row in (left, right))
        # The loss is a mean, not a sum over processes (the fault of 2025), and stimuli keep their places.
        np.testing.assert_allclose(a, b, rtol=2e-4)
    assert (tmp_path / "two" / LAST).read_bytes() == (tmp_path / "cut" / LAST).read_bytes()
    assert json.loads((tmp_path / "one" / "spec.json").read_text())["epochs"] == 12


def test_outputs_are_gathered_by_row_and_not_by_order_of_arrival():
    from repalign.training.parallel import Crew

    shares = [Crew(rank, 2).share(np.arange(7)) for rank in (0, 1)]
    assert [s.tolist() for s in shares] == [[0, 2, 4, 6], [1, 3, 5]]
    outputs = torch.arange(7.0)[:, None]
    parts = [Crew().gather(s, outputs[torch.from_numpy(s)], 7) for s in shares]
    assert torch.equal(parts[0] + parts[1], outputs)  # all_reduce adds them
    even_then_odd = torch.cat([outputs[0::2], outputs[1::2]])  # what was compared in 2025
    assert not torch.equal(even_then_odd, outputs)
    assert build(0) is not None


def test_a_finished_run_that_is_asked_for_more_snapshots_makes_them(tmp_path):
    train(problem(), spec(), tmp_path / "a", keep=(2,))
    train(problem(), spec(), tmp_path / "a", keep=(2, 4))
    train(problem(), spec(), tmp_path / "b", keep=(2, 4))
    for name in (LAST, "snapshots/epoch-0004.safetensors", "metrics.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
