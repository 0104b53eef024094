"""Cards and the registry: complete, pinned, and read without touching disk or network."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from local_site import CONTENT, Site
from pydantic import ValidationError

from repalign.data import RDM, StimulusSet
from repalign.datasets import DATASETS, Card, Dataset, RemoteFile, data_home, dataset
from repalign.datasets.dataset import Files, TargetSpec
from repalign.errors import InputError, UnavailableError, UnknownNameError, VerificationError


@pytest.mark.parametrize("name", list(DATASETS))
def test_every_card_is_complete_and_every_file_pinned(name: str) -> None:
    card = dataset(name).card
    assert card.name == name
    for field in set(Card.model_fields) - {"name", "files", "version"}:
        assert len(getattr(card, field)) > 3, field
    assert card.licence_url.startswith("https://")
    for file in card.files:
        pinned = r"https://raw\.githubusercontent\.com/[\w.-]+/[\w.-]+/[0-9a-f]{40}/.+"
        assert re.fullmatch(pinned, file.url), file
        assert re.fullmatch(r"[\w.-]+\+[\w.-]+/.+", file.path)
        assert file.bytes < 30_000_000
        assert file.name == file.url.rsplit("/", 1)[1]


@pytest.mark.parametrize("name", list(DATASETS))
def test_cards_agree_with_the_manifest_of_the_published_files(real_data: Path, name: str) -> None:
    rows = [line.split("\t") for line in (real_data / "MANIFEST.tsv").read_text().splitlines()[1:]]
    known = {path: (int(size), sha256) for path, size, sha256 in rows}
    assert all(known[f.path] == (f.bytes, f.sha256) for f in dataset(name).card.files)
    assert all(check.ok for check in dataset(name).verify())


@pytest.mark.parametrize("name", list(DATASETS))
def test_making_a_dataset_reads_nothing(home: Path, name: str) -> None:
    made = dataset(name, download=False)
    assert made.status() in ("built in", "not here")
    assert made.targets
    assert all(made.default_measure(target) for target in made.targets)
    assert not home.exists()


@pytest.mark.parametrize("name", ["kriegeskorte92", "things-behaviour", "cifar10h", "geirhos-edges"])
def test_missing_files_are_an_error_that_names_the_command(home: Path, name: str) -> None:
    made = dataset(name, download=False)
    with pytest.raises(UnavailableError, match=f"repalign datasets get {name}"):
        made.target(made.targets[0])


def test_a_corrupt_published_file_is_never_loaded(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = dataset("cifar10h")
    file = made.card.files[0]
    place = tmp_path / file.path
    place.parent.mkdir(parents=True)
    place.write_bytes(bytes(file.bytes))
    monkeypatch.setenv("REPALIGN_DATA", str(tmp_path))
    for load in (lambda: made.target("labels"), made.get):
        with pytest.raises(VerificationError, match=file.sha256) as caught:
            load()
        assert str(place) in caught.value.message
    assert [check.ok for check in made.verify()] == [False]


@pytest.mark.parametrize(
    ("ask", "near"),
    [
        (lambda: dataset("kriegeskorte"), "'kriegeskorte92'"),
        (lambda: dataset("cifar10h", image="x.zip"), "'images'"),
        (lambda: dataset("ekman1954").target("similarities"), "'similarity'"),
        (lambda: dataset("kriegeskorte92").response("HMAX"), "'hmax'"),
        (lambda: dataset("ekman1954").default_measure("similarit"), "'similarity'"),
    ],
)
def test_unknown_names_come_with_near_ones(ask: object, near: str) -> None:
    with pytest.raises(UnknownNameError, match=near):
        ask()


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": "../outside"},
        {"path": "/etc/passwd"},
        {"path": "a/../../b"},
        {"url": "file:///etc/passwd"},
        {"sha256": "abc"},
        {"bytes": 0},
        {"extra": 1},
    ],
)
def test_a_file_of_a_card_stays_below_the_data_folder_and_is_exactly_described(wrong: dict) -> None:
    fields = Site().file().model_dump()
    RemoteFile(**fields)
    with pytest.raises(ValidationError):
        RemoteFile(**{**fields, **wrong})


def test_the_home_is_the_variable_or_the_documented_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPALIGN_HOME", "~/elsewhere")
    assert data_home() == Path.home() / "elsewhere"
    monkeypatch.delenv("REPALIGN_HOME")
    assert data_home() == Path.home() / ".cache" / "repalign"


def two_files(site: Site) -> Dataset:
    files = (site.file("o+r/a/one.bin"), site.file("o+r/b/two.bin"))
    text = dict.fromkeys(set(Card.model_fields) - {"files", "version"}, "said")

    def load(files: Files) -> RDM:
        return RDM(np.frombuffer(files["one.bin"].read_bytes()[:3], np.uint8), ("a", "b", "c"))

    target = TargetSpec(load, "IT", 1, "rsa-correlation-spearman")
    stimuli = StimulusSet(("a", "b", "c"))
    return Dataset(Card(**text, files=files), stimuli=lambda files: stimuli, targets={"one": target})


def test_status_goes_from_not_here_over_in_part_to_here(site: Site, home: Path) -> None:
    made = two_files(site)
    states = [made.status()]
    assert made.target("one").responses.values.tolist() == [0, 1, 2]
    states.append(made.status())
    seen: list[tuple[int, int]] = []
    places = made.get(lambda here, total: seen.append((here, total)))
    states.append(made.status())
    assert states == ["not here", "in part", "here"]
    assert seen == sorted(seen)
    assert seen[-1] == (2 * len(CONTENT), 2 * len(CONTENT))
    assert places == (home / "data/o+r/a/one.bin", home / "data/o+r/b/two.bin")
    assert made.path() == home / "data/o+r"


def test_get_repairs_the_home_and_verify_says_what_is_wrong(site: Site, home: Path) -> None:
    made = two_files(site)
    made.get()
    (home / "data/o+r/a/one.bin").write_bytes(bytes(len(CONTENT)))
    (home / "data/o+r/b/two.bin").unlink()
    damaged, missing = made.verify()
    assert (damaged.ok, missing.ok) == (False, False)
    assert "sha256" in damaged.message
    assert missing.message == "not here"
    made.get()
    assert all(check.ok for check in made.verify())


def test_two_files_of_one_name_are_refused(site: Site) -> None:
    twice = (site.file("o+r/a/one.bin"), site.file("o+r/b/one.bin"))
    card = dataset("ekman1954").card.model_copy(update={"files": twice})
    with pytest.raises(InputError, match=r"'one\.bin' is there twice"):
        Dataset(card, stimuli=lambda files: StimulusSet(("a",)), targets={})
