"""NOD: RDMs of regions that the user computed, found by name, joined by id, people kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from repalign.benchmarks import benchmark, score
from repalign.data import RDM, Assembly, write_responses
from repalign.datasets import dataset
from repalign.datasets.nod import CARD, REGIONS
from repalign.errors import (
    FileError,
    IdentityError,
    InputError,
    UnavailableError,
    UnknownNameError,
    UnsuitableError,
)
from repalign.testing import check_dataset

IDS = ("pizza", "aardvark", "tuba", "bench", "dice", "hammer")
PEOPLE = ("sub-01", "sub-02", "sub-03")
PAIRS = len(IDS) * (len(IDS) - 1) // 2


def values(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.1, 1.0, (n, PAIRS))


def rdm(
    people: Sequence[str] = PEOPLE, seed: int = 0, ids: Sequence[str] = IDS, **labels: Sequence[str]
) -> RDM:
    named = {name: np.array(each) for name, each in {"subject": people, **labels}.items()}
    return RDM(values(len(people), seed), tuple(ids), named, "correlation")


def nod_pit() -> object:
    return benchmark("nod/PIT")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """V1 of three people, LO1 of nobody in particular, and a note."""
    place = tmp_path / "rdms"
    place.mkdir()
    rdm().save(place / "V1.npz")
    write_responses(RDM(values(1)[0], IDS), place / "LO1.csv")
    (place / "README.txt").write_text("how these were made")
    (place / ".DS_Store").write_bytes(b"")
    return place


def test_without_rdms_every_region_is_there_and_says_how_to_make_it() -> None:
    made = dataset("nod")
    assert made.targets == REGIONS
    assert len(REGIONS) == 14
    assert (made.status(), made.path()) == ("not here", None)
    asked = {"V1": (lambda: made.stimuli, made.get), "PIT": (lambda: made.target("PIT"), nod_pit)}
    for region, ask in [(region, ask) for region, asks in asked.items() for ask in asks]:
        with pytest.raises(UnavailableError, match=f"no RDM of {region}") as caught:
            ask()
        assert f"FOLDER/{region}.npz" in caught.value.hint
        assert "rdms=FOLDER" in caught.value.hint


def test_regions_with_a_file_are_targets_in_the_order_of_the_card(folder: Path) -> None:
    made = dataset("nod", rdms=folder)
    assert (made.targets, made.status(), made.path()) == (("V1", "LO1"), "in part", folder)
    assert made.get() == (folder / "V1.npz", folder / "LO1.csv")
    with pytest.raises(UnknownNameError, match="LO2"):
        made.target("LO2")
    assert check_dataset(made) == []


def test_all_regions_are_here_once_each_has_a_file(folder: Path) -> None:
    for region in set(REGIONS) - {"V1", "LO1"}:
        rdm().save(folder / f"{region}.npz")
    made = dataset("nod", rdms=str(folder))
    assert (made.targets, made.status()) == (REGIONS, "here")


def test_people_are_subjects_and_one_rdm_is_nobody(folder: Path) -> None:
    made = dataset("nod", rdms=folder)
    people, nobody = made.target("V1"), made.target("LO1")
    assert (people.name, people.region, people.subjects, people.n_subjects) == ("nod/V1", "V1", PEOPLE, 3)
    assert (nobody.subjects, nobody.n_subjects) == ((), 0)
    assert people.note == ""
    assert "no ceiling" in nobody.note
    assert (people.responses.values == values(3)).all()
    assert nobody.responses.values == pytest.approx(values(1)[0], abs=0)


def test_a_score_has_a_row_for_each_person_and_a_ceiling_of_all(folder: Path) -> None:
    model = Assembly(np.random.default_rng(5).normal(size=(6, 9)), tuple(sorted(IDS)), name="mine")
    goals = [benchmark(f"nod/{region}", {"rdms": str(folder)}) for region in ("V1", "LO1")]
    of_people, of_nobody = (score(model, goal) for goal in goals)
    assert [row.subject for row in of_people] == [*PEOPLE, "all"]
    assert of_people[-1].ceiling_lower is not None
    assert of_people[-1].measure == "rsa-correlation-spearman"
    assert [row.subject for row in of_nobody] == ["all"]
    assert of_nobody[-1].ceiling_upper is None


def test_sessions_of_one_person_count_once(folder: Path) -> None:
    twice = rdm(("a", "a", "b", "b"), session=("1", "2", "1", "2"))
    twice.save(folder / "V1.npz")
    target = dataset("nod", rdms=folder).target("V1")
    assert (target.subjects, target.n_subjects) == (("a", "b"), 2)
    drawn = values(4)
    assert target.responses.values == pytest.approx(np.stack([drawn[:2].mean(0), drawn[2:].mean(0)]))


def test_rdms_that_say_nothing_of_whose_they_are_are_refused(folder: Path) -> None:
    RDM(values(2), IDS, {"session": np.array(["1", "2"])}).save(folder / "V1.npz")
    with pytest.raises(InputError, match=r"V1\.npz holds 2 RDMs and does not say whose"):
        dataset("nod", rdms=folder).target("V1")


def test_responses_are_no_rdm(folder: Path) -> None:
    Assembly(np.eye(6, 4), IDS).save(folder / "V1.npz")
    with pytest.raises(UnsuitableError, match=r"responses of 4 units"):
        dataset("nod", rdms=folder).target("V1")


def test_an_rdm_without_ids_is_refused(folder: Path) -> None:
    RDM(values(1)[0]).save(folder / "V1.npz")
    with pytest.raises(IdentityError):
        dataset("nod", rdms=folder).target("V1")


def test_stimuli_are_the_ids_of_all_regions(folder: Path) -> None:
    rdm(ids=(*IDS[1:], "zebra")).save(folder / "V2.npz")
    made = dataset("nod", rdms=folder)
    assert made.stimuli.ids == (*IDS, "zebra")
    assert made.stimuli.images is None
    assert benchmark("nod/V2", {"rdms": folder}).stimuli.ids == tuple(sorted((*IDS[1:], "zebra")))
    assert check_dataset(made) == []


def test_photographs_are_found_by_id_and_a_missing_one_is_named(folder: Path, tmp_path: Path) -> None:
    shown = tmp_path / "photographs"
    for at in ("pizza.png", "aardvark/aardvark_01b.jpg", "a/tuba.png", "bench.jpg", "dice.png", "hammer.png"):
        (shown / at).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (2, 2), "red").save(shown / at)
    stimuli = dataset("nod", rdms=folder, images=shown).stimuli
    assert stimuli.pixels(1).shape == (2, 2, 3)
    (shown / "dice.png").unlink()
    with pytest.raises(FileError, match=r"lacks 1 of 6 photographs, e\.g\. dice") as caught:
        _ = dataset("nod", rdms=folder, images=shown).stimuli
    assert "osf.io" not in caught.value.hint


def test_files_of_wrong_names_doubled_regions_and_folders_without_rdms_are_refused(
    folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(FileError, match="there is no folder"):
        dataset("nod", rdms=tmp_path / "nowhere")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(FileError, match="no format in which RDMs are read"):
        dataset("nod", rdms=empty)
    (folder / "PIT.mat").write_bytes(b"MATLAB 5.0")
    with pytest.raises(FileError, match=r"PIT\.mat is called as a region"):
        dataset("nod", rdms=folder)
    (folder / "PIT.mat").unlink()
    rdm().save(folder / "V1.csv.npz")
    with pytest.raises(UnknownNameError, match=r"region of nod named 'V1\.csv'"):
        dataset("nod", rdms=folder)
    (folder / "V1.csv.npz").unlink()
    write_responses(RDM(values(1)[0], IDS), folder / "V1.csv")
    with pytest.raises(IdentityError, match="two files are of V1"):
        dataset("nod", rdms=folder)


def test_the_card_says_both_addresses_and_who() -> None:
    assert "ds004310" in CARD.citation
    assert "ds004496" in CARD.citation
    assert CARD.subjects.startswith("30 people")
    assert CARD.files == ()
