"""What a study trains upon, and what of it the spec holds: splits, refusals, digests."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import small_studies as small
import torch
from PIL import Image

from repalign.data import RDM, load_responses
from repalign.errors import (
    IdentityError,
    InputError,
    RepalignError,
    ShapeError,
    TooFewError,
    UnavailableError,
    UnknownNameError,
    UnsuitableError,
)
from repalign.training.problems import learned_target, making
from repalign.training.running import made
from repalign.training.trainer import train


@pytest.fixture(autouse=True)
def made_anew():
    """Problems are remembered by their options and places; tests change what lies there."""
    making._made.cache_clear()


# --- who is trained upon, who is probed


def test_what_a_probe_shows_is_neither_trained_upon_nor_validated(tmp_path):
    ids, where = small.own(tmp_path)
    problem = learned_target(small.own_options(validation=0.25), where)
    shown = set(problem.probes[0].part.ids)
    assert shown == set(ids[::4])
    train, validation = set(problem.train.ids), set(problem.validation.ids)
    assert not train & validation
    assert train | validation == set(ids) - shown
    assert len(validation) == 9  # of 36 that are left


@pytest.mark.parametrize(
    ("n", "share", "train", "validation"),
    [(1806, 0.2, 1444, 362), (10, 0.9, 1, 9), (10, 0.3, 7, 3), (100, 0.99, 1, 99), (7, 0.5, 3, 4)],
)
def test_a_share_for_validation_is_taken_as_written(n, share, train, validation):
    """1,806 images as published: 1,444 to train upon. In decimals: 1 - 0.9 in binary leaves nobody."""
    ids = tuple(f"s{i:04d}" for i in range(n))
    learned = making._Learned(None, ids, np.zeros((n, 1)), ("a",))
    options = making.ProblemOptions(**small.own_options(validation=share))
    parts = making._split(options, learned, set())
    assert [len(each) for each in parts] == [train, validation]
    assert sorted(parts[0] + parts[1]) == sorted(ids)
    again = making._split(options.model_copy(update={"split_seed": 1}), learned, set())
    assert n < 10 or again != parts


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"train": 1000}, TooFewError, "1000 stimuli to train upon and 8 for validation, of 36"),
        ({"validation": 36}, TooFewError, "of 36 that no probe shows"),
        ({"target": "mine/rdm"}, UnsuitableError, "no numbers by stimulus"),
        ({"target": "digits/clases"}, UnknownNameError, "digits/classes"),
        ({"probe": {"measures": ["rsa-correlation-spearmn"]}}, UnknownNameError, "rsa-correlation-spearman"),
        ({"probe": {"subset": 13}}, TooFewError, "13 of 12 stimuli"),
        ({"probe": {"layers": ["conv3"]}}, UnknownNameError, "'conv2'"),
        ({"probe": {"within": "categry"}}, UnknownNameError, "category"),
        ({"probe": {"benchmark": "mine/rdm", "within": "category"}}, UnsuitableError, "centred"),
        ({"network": {"adapters": ["conv22"]}}, UnknownNameError, "'conv2'"),
        ({"network": {"adapters": ["flatten"]}}, UnsuitableError, "linear maps"),
        ({"network": {"model": "architecture/toy-cn"}}, UnknownNameError, "toy-cnn"),
        ({"network": {"model": "checkpoint/cifar-resnet20"}}, InputError, "needs 'weights'"),
        ({"network": {"model": "builtin/rgb"}}, UnsuitableError, "no torch network"),
        ({"network": small.RESNET, "weights": "nowhere.th"}, RepalignError, "nowhere.th"),
        ({"target": "mine/wide"}, ShapeError, r"\(10,\) numbers per stimulus.*\(11,\)"),
    ],
)
@pytest.mark.parametrize("cut", [True, False])
def test_what_cannot_be_is_said_before_anything_is_trained(tmp_path, changes, kind, words, cut):
    ids, where = small.own(tmp_path)
    rest = [each for i, each in enumerate(ids) if i % 4]
    draw = np.random.default_rng(0)
    RDM(draw.uniform(size=66), tuple(ids[::4])).save(tmp_path / "rdm.npz")
    small.embedding(tmp_path / "wide.npz", rest, 11)
    for name in ("rdm", "wide"):
        where[f"mine/{name}"] = {**where["mine/emb"], "target": str(tmp_path / f"{name}.npz")}
    if "weights" in changes:
        where["network"] = {"weights": str(tmp_path / changes["weights"])}
    options = small.own_options(**{k: v for k, v in changes.items() if k != "weights"})
    options["network"]["cut"] = cut
    with pytest.raises(kind) as caught:
        learned_target(options, where)
    assert re.search(words, str(caught.value)), caught.value
    assert caught.value.hint


def test_missing_data_are_named(tmp_path):
    _, where = small.own(tmp_path)
    with pytest.raises(UnavailableError, match="prompts"):
        learned_target(
            {"target": "mine/emb", "network": {"model": "plain/tiny"}},
            {**where, "network": {"prompts": str(tmp_path / "none.txt")}},
        )
    (tmp_path / "emb.npz").unlink()
    with pytest.raises(RepalignError, match=r"emb\.npz"):
        learned_target(small.own_options(), where)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (small.digits(valdation=0.1, trian=3), ("valdation", "trian")),
        (small.digits(network={"adapter": ["fc"], "cutt": True}), ("network.adapter", "network.cutt")),
        (small.digits(network={"dora": {"rnk": 2, "aplha": 1}}), ("rnk", "aplha", "rank")),
        (small.digits(network={"dora": {"rank": 0}}), ("rank of at least 1",)),
        (small.digits(network={"dora": {"start": "zero"}}), ("zero-b",)),
        (small.digits(probes=[{"benchmark": "digits/held-out", "measure": "x"}]), ("probes.0.measure",)),
        (small.digits(probes=[small.HELD_OUT, small.HELD_OUT]), ("rows would be alike",)),
        (small.digits(labels="digits/label"), ("either a target",)),
        (small.digits(target=None), ("either a target",)),
        (small.digits(validation=1.5), ("between 0 and 1",)),
        (small.digits(network={"adapters": []}), ("adapters",)),
        (small.digits(network={"train": "all"}), ("takes no adapters",)),
        (small.digits(network={"model": "plain/tiny", "train": "all", "adapters": []}), ("of a CLIP",)),
    ],
)
def test_all_misspelt_and_impossible_options_are_named_at_once(options, words):
    with pytest.raises(InputError) as caught:
        learned_target(options, {})
    assert all(word in str(caught.value) for word in words), caught.value


def test_a_probe_by_its_default_measure_is_the_same_as_one_that_names_it(tmp_path):
    """Only the data say what the default is, so this is found when they are read."""
    _, where = small.own(tmp_path)
    options = small.own_options()
    twice = [{"benchmark": "mine/probe"}, {"benchmark": "mine/probe", "measures": ["cka-linear-debiased"]}]
    with pytest.raises(InputError, match=r"mine/probe / output / cka-linear-debiased is probed twice"):
        learned_target({**options, "probes": twice}, where)


# --- digests


def moved(where, start: Path, end: Path):
    shutil.copytree(start, end, dirs_exist_ok=True)
    return {
        name: {key: value.replace(str(start), str(end)) for key, value in part.items()}
        for name, part in where.items()
    }


def laid(tmp_path):
    (tmp_path / "here").mkdir()
    _, where = small.own(tmp_path / "here", n=24, side=32)
    where["network"] = {"weights": str(small.checkpoint(tmp_path / "here" / "w.th"))}
    return small.own_options(network=small.RESNET, validation=4), where


def test_where_data_lie_is_no_part_of_the_spec(tmp_path):
    options, where = laid(tmp_path)
    other = moved(where, tmp_path / "here", tmp_path / "there")
    shutil.rmtree(tmp_path / "here")
    there = learned_target(options, other)
    back = moved(other, tmp_path / "there", tmp_path / "here")
    shutil.rmtree(tmp_path / "there")
    assert learned_target(options, back).spec == there.spec
    text = str(there.spec)
    assert "there" not in text


def change_an_image(folder, options, name):
    path = folder / "images" / f"{name}.png"
    pixels = np.asarray(Image.open(path)).copy()
    pixels[0, 0, 0] ^= 255
    Image.fromarray(pixels).save(path)


CHANGES = {
    "a trained image": lambda f, o: change_an_image(f, o, "kind-1/001"),
    "a probed image": lambda f, o: change_an_image(f, o, "kind-0/000"),
    "the target": lambda f, o: small.embedding(f / "emb.npz", load_responses(f / "emb.npz").ids, 10, seed=77),
    "the probe's target": lambda f, o: small.embedding(
        f / "probe.npz", load_responses(f / "probe.npz").ids, 10, seed=77
    ),
    "the weights": lambda f, o: small.checkpoint(f / "w.th", seed=5),
    "the seed of the split": lambda f, o: o.update(split_seed=1),
    "the size of images": lambda f, o: o["network"].update(parameters={"mean": [0.1, 0.2, 0.3]}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_all_that_decides_a_run_is_in_its_spec_and_other_data_are_refused(tmp_path, what):
    options, where = laid(tmp_path)
    before = learned_target(options, where)
    spec = small.spec_of(before, epochs=1)
    train(before, spec, tmp_path / "run")
    other = moved(where, tmp_path / "here", tmp_path / "there")
    CHANGES[what](tmp_path / "there", options)
    after = learned_target(options, other)
    assert after.spec != before.spec
    assert small.spec_of(after, epochs=1).digest != spec.digest
    # The digests of an earlier call do not make data what they are not.
    kept = made({**spec.problem, "maker": "repalign.training.problems:learned_target"}, other)
    if "seed" not in what and "size" not in what:
        assert kept.spec == after.spec
        with pytest.raises(IdentityError, match="not the one of the spec"):
            train(kept, spec, tmp_path / "run")
        with pytest.raises(IdentityError, match="another run"):
            train(after, small.spec_of(after, epochs=1), tmp_path / "run")


def test_a_resolved_spec_makes_the_same_problem(tmp_path):
    options, where = laid(tmp_path)
    first = learned_target(options, where)
    making._made.cache_clear()
    again = learned_target(first.spec, where)
    assert again.spec == first.spec
    assert again.train.ids == first.train.ids
    assert made(first.spec, where).spec == first.spec
    rows = np.arange(5)
    assert torch.equal(first.train.inputs(rows), again.train.inputs(rows))
