"""THINGS, CIFAR-10H and the edge images, against figures published about these files."""

from __future__ import annotations

import zipfile
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.stats import spearmanr

from repalign.data import ZipImage
from repalign.datasets import Dataset, dataset
from repalign.datasets.archive_images import archive_images
from repalign.datasets.concept_images import concept_images
from repalign.errors import FileError, IdentityError


@pytest.fixture(scope="module")
def things(real_data: Path) -> Dataset:
    return dataset("things-behaviour", download=False)


@pytest.fixture(scope="module")
def cifar(real_data: Path) -> Dataset:
    return dataset("cifar10h", download=False)


@pytest.fixture(scope="module")
def edges(real_data: Path) -> Dataset:
    return dataset("geirhos-edges", download=False)


def test_things_embedding_and_human_rdm_agree_as_known_when_joined_by_name(things: Dataset) -> None:
    human = things.target("rdm48")
    rows = things.response("spose66").select(human.ids).values
    model = (1 - np.corrcoef(rows))[np.triu_indices(48, 1)]
    assert spearmanr(model, human.responses.values).statistic == pytest.approx(0.8644037, abs=1e-6)


def test_things_has_1854_named_concepts_and_48_for_testing(things: Dataset) -> None:
    stimuli = things.stimuli
    assert (len(stimuli), len(set(stimuli.ids))) == (1854, 1854)
    assert {"aardvark", "camera1", "dice", "hot-air_balloon"} <= set(stimuli.ids)
    test = {i for i, is_test in zip(stimuli.ids, stimuli.column("test48"), strict=True) if is_test}
    assert test == set(things.target("rdm48").ids)
    assert things.target("spose66").ids == stimuli.ids


def test_things_words_belong_to_their_concepts(things: Dataset) -> None:
    texts = dict(zip(things.stimuli.ids, things.stimuli.texts, strict=True))
    assert texts["camera1"] == ("camera",)
    assert texts["camera2"] == ("camera2",)
    for name in things.target("rdm48").ids:
        assert texts[name] == (name.rstrip("12").replace("_", " "),)


def test_things_dimensions_are_non_negative_and_pizza_is_most_of_all_food(things: Dataset) -> None:
    spose = things.target("spose66").responses
    assert spose.values.shape == (1854, 66)
    assert spose.values.min() >= 0
    # The names published with the embedding give "food-related" second.
    assert spose.select(["pizza"]).values[0].argmax() == 1


def write_image(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (2, 2), "red").save(path)


def test_things_photographs_are_found_by_name_anywhere_below_the_folder(tmp_path: Path) -> None:
    write_image(tmp_path / "a/aardvark/aardvark_01b.jpg")
    write_image(tmp_path / "abacus_01b.png")
    write_image(tmp_path / "accordion_01b/photo.jpg")
    write_image(tmp_path / "unrelated.jpg")
    (tmp_path / "abacus_01b.txt").write_text("no image")
    found = concept_images(tmp_path, ["abacus_01b", "aardvark_01b", "accordion_01b"])
    assert [image.path.name for image in found] == ["abacus_01b.png", "aardvark_01b.jpg", "photo.jpg"]


def test_things_photographs_that_are_missing_or_doubled_are_named(tmp_path: Path) -> None:
    write_image(tmp_path / "x/aardvark_01b.jpg")
    with pytest.raises(FileError, match=r"lacks 1 of 2 photographs, e\.g\. zebra_01b"):
        concept_images(tmp_path, ["aardvark_01b", "zebra_01b"])
    write_image(tmp_path / "y/aardvark_01b.jpg")
    with pytest.raises(IdentityError, match="two images for 'aardvark_01b'"):
        concept_images(tmp_path, ["aardvark_01b"])
    with pytest.raises(FileError, match="there is no folder"):
        concept_images(tmp_path / "nowhere", ["aardvark_01b"])


def test_things_with_a_folder_lacking_photographs_is_an_error(real_data: Path, tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"lacks 1854 of 1854 photographs, e\.g\. aardvark_01b"):
        _ = dataset("things-behaviour", images=tmp_path, download=False).stimuli


def test_cifar10h_shares_sum_to_one_and_follow_the_counts(cifar: Dataset, real_data: Path) -> None:
    target = cifar.target("labels")
    published = np.load(real_data / "jcpeterson+cifar-10h/data/cifar10h-probs.npy")
    assert target.responses.values == pytest.approx(published, abs=1e-12)
    assert target.responses.units["category"].tolist()[:3] == ["airplane", "automobile", "bird"]
    assert (target.ids[0], len(target.ids), target.subjects) == ("cifar10-test-00000", 10000, ())


def test_cifar10h_images_have_the_original_labels(cifar: Dataset, real_data: Path) -> None:
    if not (real_data / "derived/cifar10_test_jpg_testorder.zip").is_file():
        pytest.skip("needs the archive of images")
    file = real_data / "cleanlab+label-errors/original_test_labels/cifar10_test_set_original_labels.npy"
    names = cifar.target("labels").responses.units["category"]
    assert (cifar.stimuli.column("label") == names[np.load(file)]).all()
    assert cifar.stimuli.pixels(9999).shape == (32, 32, 3)


def write_archive(path: Path, n: int, label: str = "cat") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "passed over")
        for i in reversed(range(n)):
            archive.writestr(f"test/{i:05d}_{label}.png", bytes([i % 256]))
    return path


def test_an_archive_is_opened_once_and_gives_what_single_opening_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, opened = write_archive(tmp_path / "images.zip", 30), list[object]()
    with monkeypatch.context() as patch:
        open_zip = zipfile.ZipFile
        patch.setattr(zipfile, "ZipFile", lambda *args: opened.append(args) or open_zip(*args))
        images, labels = archive_images(path, 30, ("cat", "dog"))
        digests = [image.content_digest() for image in images]
    assert len(opened) == 1
    assert digests == [ZipImage(path, f"test/{i:05d}_cat.png").content_digest() for i in range(30)]
    assert labels.tolist() == ["cat"] * 30
    write_archive(path, 31)
    assert archive_images(path, 31, ("cat",))[0][30].content() == bytes([30])


@pytest.mark.parametrize(
    ("n", "label", "message"), [(29, "cat", r"one for each of 0\.\.29"), (30, "cow", "'cow' is none")]
)
def test_an_archive_with_other_images_is_refused(tmp_path: Path, n: int, label: str, message: str) -> None:
    with pytest.raises(FileError, match=message):
        archive_images(write_archive(tmp_path / "images.zip", n, label), 30, ("cat", "dog"))


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "images.zip").write_bytes(b"no archive")
    with pytest.raises(FileError, match="no zip archive"):
        archive_images(tmp_path / "images.zip", 30, ("cat",))


def test_cifar10_images_in_another_order_are_refused(real_data: Path, tmp_path: Path) -> None:
    path = write_archive(tmp_path / "images.zip", 10_000, "frog")
    with pytest.raises(IdentityError, match="10% of the images"):
        _ = dataset("cifar10h", images=path, download=False).stimuli


def test_cifar10h_without_images_has_ids_only(
    home: Path, real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = tmp_path / "some/jcpeterson+cifar-10h/data/cifar10h-counts.npy"
    counts.parent.mkdir(parents=True)
    counts.symlink_to(real_data / "jcpeterson+cifar-10h/data/cifar10h-counts.npy")
    monkeypatch.setenv("REPALIGN_DATA", str(tmp_path / "some"))
    made = dataset("cifar10h", download=False)
    assert (made.stimuli.images, len(made.stimuli), made.status()) == (None, 10_000, "here")


def kappa(left: np.ndarray, right: np.ndarray) -> float:
    observed = np.mean(left == right)
    expected = left.mean() * right.mean() + (1 - left.mean()) * (1 - right.mean())
    return float((observed - expected) / (1 - expected))


def test_edges_give_the_published_error_consistencies(edges: Dataset) -> None:
    people = edges.target("humans").responses.correctness()
    pairs = [kappa(a, b) for a, b in combinations(people, 2)]
    assert np.mean(pairs) == pytest.approx(0.31844, abs=1e-5)
    network = edges.response("resnet50")
    assert network.ids == edges.target("humans").ids
    assert np.mean([kappa(network.correctness()[0], p) for p in people]) == pytest.approx(0.03626, abs=1e-5)


def test_edges_join_stimuli_people_and_networks_by_one_name(edges: Dataset) -> None:
    stimuli = edges.stimuli
    assert (len(stimuli), len(edges.responses), len(edges.target("humans").subjects)) == (160, 25, 10)
    categories, counts = np.unique(stimuli.column("category"), return_counts=True)
    assert (len(categories), set(counts.tolist())) == (16, {10})
    category = dict(zip(stimuli.ids, stimuli.column("category"), strict=True))
    everyone = [edges.target("humans").responses, *(edges.response(name) for name in edges.responses)]
    for choices in everyone:
        assert set(choices.ids) == set(stimuli.ids)
        assert all(category[s] == c for s, c in zip(choices.stimulus, choices.correct, strict=True))
        assert choices.correctness().shape == (len(choices.subjects), 160)


def test_every_network_is_called_what_its_own_table_calls_it(edges: Dataset) -> None:
    assert all(edges.response(name).subjects == (name,) for name in edges.responses)
    assert {"alexnet", "resnet50", "vgg16", "cornet-s"} <= set(edges.responses)


def test_a_trial_without_an_answer_stays_and_counts_as_wrong(edges: Dataset) -> None:
    people = edges.target("humans").responses
    unanswered = people.response == "na"
    assert unanswered.any()
    assert (people.correct[unanswered] != "na").all()


def test_edge_images_decode(edges: Dataset) -> None:
    assert edges.stimuli.pixels(0).shape == (224, 224, 3)
