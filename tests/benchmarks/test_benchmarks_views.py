"""Views: what the report draws is what was scored, once, in order, and as honest as the scores."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import rankdata, spearmanr

import repalign as ra
from repalign.benchmarks import write_views
from repalign.execution import ProcessPool

QUICK = {"draws": 50, "permutations": 20}
EKMAN = "ekman1954/similarity"
RSA = "rsa-euclidean-spearman"


def study(**more):
    models = ("builtin/rgb", "builtin/cielab", "builtin/grey")
    return ra.Study(**{"models": models, "benchmarks": (EKMAN,), "measures": (RSA,), **QUICK, **more})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return ra.run_study(study(), tmp_path_factory.mktemp("views") / "out")[0]


@pytest.fixture(scope="module")
def geometry(folder):
    (found,) = [view for view in folder.views() if view[1]["view"] == "geometry"]
    return found


@pytest.fixture(scope="module")
def contrasts(folder):
    (found,) = [header for _, header in folder.views() if header["view"] == "differences"]
    return found


def test_rdms_drawn_are_those_of_the_models_in_the_order_of_the_ids(geometry):
    arrays, header = geometry
    acts = ra.extract("builtin/rgb", ra.dataset("ekman1954").stimuli).select(header["ids"])
    at = [each["name"] for each in header["rdms"]].index("builtin/rgb")
    np.testing.assert_allclose(arrays["rdms"][at], pdist(np.asarray(acts.array(), float)), rtol=1e-6)


def test_ranks_are_mid_ranks_from_nought_to_one(geometry):
    arrays, _ = geometry
    n = arrays["rdms"].shape[1]
    for rdm, ranks in zip(arrays["rdms"], arrays["ranks"], strict=True):
        assert 0 <= ranks.min() < ranks.max() <= 1
        np.testing.assert_allclose(ranks, (rankdata(rdm.astype(np.float32)) - 1) / (n - 1), atol=2 / n)


def test_targets_come_first_and_each_says_what_it_is(geometry):
    _, header = geometry
    assert [(each["kind"], each["name"]) for each in header["rdms"]] == [
        ("target", EKMAN),
        ("model", "builtin/cielab"),
        ("model", "builtin/grey"),
        ("model", "builtin/rgb"),
    ]
    assert header["rdms"][1]["dissimilarity"] == "euclidean"
    assert header["n"] == header["n_all"] == 14


def test_the_map_minimises_stress_of_rank_correlations_between_rdms(geometry):
    arrays, header = geometry
    wanted = 1 - spearmanr(arrays["rdms"].T.astype(float)).statistic
    found = squareform(pdist(arrays["map"]))
    stress = np.sqrt(((found - wanted) ** 2).sum() / (found**2).sum())
    assert header["stress"] == pytest.approx(stress, abs=1e-4)


def test_stimuli_without_categories_are_clustered_so_that_neighbours_are_alike(geometry):
    arrays, header = geometry
    assert header["ordered_by"].startswith("hierarchical clustering")
    assert header["ordered_by"].endswith(EKMAN)
    square = squareform(arrays["rdms"][0])
    steps = np.diagonal(square, 1).sum()
    shuffled = [np.random.default_rng(s).permutation(14) for s in range(50)]
    assert steps < min(np.diagonal(square[np.ix_(p, p)], 1).sum() for p in shuffled)


def test_every_stimulus_has_its_picture(folder, geometry):
    _, header = geometry
    assert len(header["thumbs"]) == 14
    assert all(folder.thumb(digest).is_file() for digest in header["thumbs"])


def test_differences_are_those_of_the_public_function(contrasts):
    names = ("builtin/cielab", "builtin/grey", "builtin/rgb")
    direct = ra.differences(names, EKMAN, RSA, draws=50)
    assert contrasts["rows"] == [json.loads(json.dumps(each.as_dict())) for each in direct]
    assert contrasts["n_tests"] == len(contrasts["rows"]) == 3


def test_differences_agree_with_the_scores_beside_them(folder, contrasts):
    value = {row.model: row.value for row in folder.scores().where(subject="all")}
    for row in contrasts["rows"]:
        assert row["value"] == pytest.approx(value[row["a"]] - value[row["b"]], abs=1e-12)


def test_views_are_made_once_and_are_the_same_for_any_number_of_workers(folder, tmp_path):
    again = write_views(folder)
    assert len(again.computed) == 0
    assert len(again.skipped) == 2
    other, _ = ra.run_study(study(), tmp_path / "two", executor=ProcessPool(2))
    for digest in folder.spec()["views"].values():
        name = f"{digest}.npz"
        assert (folder.arrays_dir / name).read_bytes() == (other.arrays_dir / name).read_bytes()


def test_studies_of_one_folder_are_shown_together(tmp_path):
    for models in (("builtin/rgb",), ("builtin/grey",)):
        results, _ = ra.run_study(study(models=models), tmp_path)
    arrays, header = next(view for view in results.views() if view[1]["view"] == "geometry")
    assert len(arrays["rdms"]) == 3
    assert len(results.views()) == 2  # superseded ones, of one model, are passed over
    assert {name for name, layers in header["layers"].items() if layers} == {"builtin/rgb", "builtin/grey"}


def test_all_layers_are_listed_and_one_that_no_score_chose_stands_for_the_model(tmp_path):
    results, _ = ra.run_study(study(models=("builtin/random", "builtin/rgb"), layers="all"), tmp_path)
    (_, header) = next(view for view in results.views() if view[1]["view"] == "geometry")
    assert header["layers"]["builtin/random"] == ["conv1", "conv2"]
    assert [each["layer"] for each in header["rdms"] if each["name"] == "builtin/random"] == ["conv2"]
    (_, tested) = next(view for view in results.views() if view[1]["view"] == "differences")
    assert len(tested["rows"]) == 1


def test_people_are_points_of_the_map(tmp_path):
    from repalign.testing import synthetic_target

    truth, people = synthetic_target(n_stimuli=30, n_subjects=6, noise=1.0)
    folder = tmp_path / "images"
    images(folder, people.ids)
    people.responses.save(tmp_path / "people.npz")
    options = {"made/people": {"stimuli": str(folder), "target": str(tmp_path / "people.npz")}}
    asked = ra.Study(models=("builtin/rgb",), benchmarks=("made/people",), **QUICK)
    results, report = ra.run_study(asked, tmp_path / "out", options=options)
    assert not report.failed
    _, header = results.views()[0]
    kinds = [point["kind"] for point in header["points"]]
    assert kinds.count("subject") == 6
    assert header["rdms"][0]["about"] == "mean of 6 subjects"
    assert truth.n_stimuli == header["n"]


def images(folder, ids):
    from PIL import Image

    for number, name in enumerate(ids):
        pixels = np.random.default_rng(number).integers(0, 256, size=(16, 16, 3), dtype=np.uint8)
        path = folder / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)


def test_a_measure_that_cannot_be_tested_leaves_its_reason(tmp_path):
    asked = study(
        measures=("soft-matching-correlation",), models=("builtin/rgb", "builtin/cielab"), subset=10
    )
    results, _ = ra.run_study(asked, tmp_path)
    notes = [header["note"] for _, header in results.views() if header["view"] == "differences"]
    assert len(notes) == 1
    assert notes[0].startswith("no differences: soft-matching-correlation")


def test_a_folder_without_recipes_has_no_views(tmp_path):
    results = ra.ResultsDir(tmp_path)
    results.write_spec({"units": {"a": "b"}})
    assert results.recipes() == {}
    assert results.views() == []
    assert write_views(results).computed == ()


def test_many_stimuli_are_drawn_by_a_seeded_subset(tmp_path):
    asked = ra.Study(models=("builtin/rgb",), benchmarks=("digits/held-out",), draws=0, permutations=0)
    results, _ = ra.run_study(asked, tmp_path)
    arrays, header = results.views()[0]
    assert header["n"] == 200
    assert header["n_all"] > 200
    assert header["note"] == f"200 of {header['n_all']} stimuli, drawn with seed 0"
    assert header["ordered_by"] == "label"
    assert header["groups"] == sorted(header["groups"])
    assert sorted(set(header["groups"])) == list("0123456789")
    assert arrays["ranks"].shape[1] == 200 * 199 // 2
