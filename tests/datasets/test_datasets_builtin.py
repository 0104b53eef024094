"""The data sets that are always at hand."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from repalign.datasets import dataset
from repalign.datasets.ekman1954 import displayable
from repalign.errors import UnavailableError

WAVES = [434, 445, 465, 472, 490, 504, 537, 555, 584, 600, 610, 628, 651, 674]


def test_ekman_has_all_pairs_of_14_colours_as_dissimilarities() -> None:
    target = dataset("ekman1954").target("similarity")
    square = target.responses.square()
    assert target.responses.values.shape == (91,)
    assert ((square >= 0) & (square <= 1)).all()
    assert target.ids == tuple(f"{w}nm" for w in WAVES)
    assert (target.n_subjects, target.region, target.subjects) == (31, "behaviour", ())


@pytest.mark.parametrize(
    ("pair", "similarity"),
    [
        (("434nm", "445nm"), 0.86),
        (("434nm", "674nm"), 0.16),
        (("445nm", "465nm"), 0.50),
        (("490nm", "674nm"), 0.00),
        (("584nm", "600nm"), 0.58),
        (("651nm", "674nm"), 0.76),
    ],
)
def test_ekman_pairs_lie_where_the_printed_table_has_them(pair: tuple[str, str], similarity: float) -> None:
    target = dataset("ekman1954").target("similarity")
    for ids in (pair, pair[::-1]):
        assert target.select(ids).responses.values == pytest.approx([1 - similarity])


def test_ekman_colours_lie_on_a_circle_in_the_order_of_the_spectrum() -> None:
    # Shepard (1962), Psychometrika 27: two dimensions of scaling give the colour circle, open between
    # violet and red.
    square = dataset("ekman1954").target("similarity").responses.square()
    centre = np.eye(14) - 1 / 14
    values, vectors = np.linalg.eigh(-0.5 * centre @ square**2 @ centre)
    plane = vectors[:, -2:] * np.sqrt(values[-2:])
    turns = np.diff(np.unwrap(np.arctan2(plane[:, 1], plane[:, 0])))
    assert (np.sign(turns) == np.sign(turns[0])).all()
    assert abs(turns.sum()) < 2 * np.pi


def test_ekman_discs_are_coloured_on_grey_and_run_from_blue_to_red() -> None:
    stimuli = dataset("ekman1954").stimuli
    assert stimuli.column("wavelength_nm").tolist() == WAVES
    assert [image.pixels().shape for image in stimuli.images] == [(64, 64, 3)] * 14
    shortest, longest = stimuli.pixels(0), stimuli.pixels(13)
    assert shortest[0, 0].tolist() == [128, 128, 128]
    assert shortest[32, 32].argmax() == 2
    assert longest[32, 32].argmax() == 0
    inside = (shortest != 128).any(axis=2)
    assert inside.sum() == pytest.approx(np.pi * 24**2, rel=0.01)
    assert (inside == inside[::-1, ::-1]).all()


def test_displayable_colours_touch_both_ends_of_the_range() -> None:
    colours = displayable(np.arange(400.0, 701.0, 5.0))
    assert (colours.max(axis=1) == 255).all()
    assert (colours.min(axis=1) == 0).all()


def test_ekman_needs_no_disk_and_says_so() -> None:
    made = dataset("ekman1954", download=False)
    assert (made.status(), made.path(), made.verify(), made.get()) == ("built in", None, [], ())


def test_digits_are_scikit_learns_scaled_to_bytes() -> None:
    sklearn = pytest.importorskip("sklearn.datasets")
    published = sklearn.load_digits()
    made = dataset("digits")
    assert (len(made.stimuli), made.stimuli.ids[0], made.stimuli.ids[-1]) == (
        1797,
        "digit-0000",
        "digit-1796",
    )
    first = made.stimuli.pixels(0)
    assert first.shape == (8, 8, 3)
    assert np.abs(first[:, :, 0] / 255 - published.images[0] / 16).max() <= 0.5 / 255
    assert (made.stimuli.column("label") == published.target).all()


def test_digit_classes_are_one_hot_and_nobodys_responses() -> None:
    made = dataset("digits")
    target = made.target("classes")
    assert target.responses.values.shape == (1797, 10)
    assert (target.responses.values.sum(axis=1) == 1).all()
    assert (target.responses.values.argmax(axis=1) == made.stimuli.column("label")).all()
    assert (target.n_subjects, target.region) == (0, "labels")
    assert target.ids == made.stimuli.ids


def test_digits_without_scikit_learn_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from repalign.datasets import digits as module

    for name in [m for m in sys.modules if m.split(".")[0] == "sklearn"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    module._published.cache_clear()
    assert dataset("digits").status() == "not here"
    with pytest.raises(UnavailableError, match=r"repalign\[demo\]"):
        _ = dataset("digits").stimuli
