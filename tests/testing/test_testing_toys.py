"""Toy networks: the same bits every time, trained for real, and named as the study names them."""

from __future__ import annotations

import pytest
import torch

import repalign as ra
from repalign.testing import toy_networks
from repalign.testing.toy_networks import TOYS, train_toy


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("REPALIGN_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.mark.parametrize("name", TOYS)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(home, name):
    paths = [home / f"{n}.safetensors" for n in ("a", "b", "c")]
    accuracies = [train_toy(name, seed, path) for seed, path in zip((0, 0, 1), paths, strict=True)]
    assert paths[0].read_bytes() == paths[1].read_bytes() != paths[2].read_bytes()
    # Ten classes: a network that had learned nothing would be right on about one digit in ten.
    assert min(accuracies) > 0.8


def test_training_leaves_the_callers_generator_and_threads_alone(home):
    torch.manual_seed(3)
    expected, threads = torch.rand(2), torch.get_num_threads()
    torch.manual_seed(3)
    train_toy("toy-mlp", 0, home / "a.safetensors")
    assert torch.equal(torch.rand(2), expected)
    assert torch.get_num_threads() == threads


def test_networks_that_are_there_are_not_trained_again(home):
    first = toy_networks(home, seeds=(0,))
    (home / "toy-mlp-seed0.safetensors").write_bytes(b"kept")
    assert toy_networks(home, seeds=(0,)) == first
    assert (home / "toy-mlp-seed0.safetensors").read_bytes() == b"kept"


def test_the_same_weights_under_two_names_are_scored_under_each(home):
    triple = toy_networks(home, seeds=(0,))[1]
    models = tuple({**triple, "model_name": name} for name in ("mine", "yours"))
    for number, named in enumerate(models):
        study = ra.Study(models=(named,), benchmarks=("digits/held-out",), draws=0, permutations=0, subset=20)
        (row,) = ra.run_study(study, home / str(number))[0].scores()
        assert row.model.startswith(f"checkpoint/{named['model_name']}(")


def test_pairs_of_networks_score_what_compare_compares(home):
    one, other = toy_networks(home, seeds=(0,))
    study = ra.Study(models=(one, other), pairwise=("digits/held-out",), draws=0, permutations=0)
    (row,) = ra.run_study(study, home / "out")[0].scores()
    digits = ra.dataset("digits")
    shown = digits.stimuli.select(sorted(digits.target("held-out").ids))
    direct = ra.compare(ra.extract(ra.model(one), shown), ra.extract(ra.model(other), shown))
    assert row.value == pytest.approx(direct.value, abs=1e-6)
    assert (row.model, row.target) == (ra.model(one).name, ra.model(other).name)
