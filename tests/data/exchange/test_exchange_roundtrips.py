"""What is written in a format of the field is what is read from it, or it is not written at all."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from repalign.data import FORMATS, RDM, Assembly, read_responses, write_responses
from repalign.errors import IdentityError, InputError, UnknownNameError, UnsuitableError

HOLD_ALL = ("npz", "netcdf", "zarr")
WRITTEN = [f.name for f in FORMATS.values() if f.write]
SUFFIX = {f.name: f.suffixes[0] if f.suffixes and f.name != "npy" else "" for f in FORMATS.values()}
IDS = ("cat", "dog", "eel")

text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=5)
ascii_word = st.text("abcXYZ 019._-", min_size=1, max_size=5).map(str.strip).filter(bool)


def there_and_back(responses, form, folder, **options):
    path = Path(folder) / f"thing{SUFFIX[form]}"
    write_responses(responses, path, format=form)
    return read_responses(path, **options)


def assert_equal(back, responses):
    assert type(back) is type(responses)
    assert np.asarray(back.values).dtype == np.asarray(responses.values).dtype
    assert back.digest == responses.digest


@st.composite
def assemblies(draw, words, leading=(None, "repetition", "subject"), labelled=True):
    ids = tuple(draw(st.lists(words, min_size=1, max_size=4, unique=True)))
    n_units, axis = draw(st.integers(1, 3)), draw(st.sampled_from(leading))
    labels = tuple(draw(st.lists(words, min_size=1, max_size=3, unique=True))) if axis else ()
    dtype = draw(st.sampled_from([np.float64, np.float32, np.int32, np.uint8, np.bool_]))
    shape = (*([len(labels)] if axis else []), len(ids), n_units)
    values = draw(arrays(dtype, shape))
    units = {
        "layer": np.array(draw(st.lists(words, min_size=n_units, max_size=n_units)), dtype=str),
        "depth": draw(arrays(np.int16, n_units)),
        "good": draw(arrays(np.bool_, n_units)),
    }
    kept = draw(st.sets(st.sampled_from(sorted(units)))) if labelled else set()
    return Assembly(values, ids, {k: units[k] for k in kept}, axis, labels, draw(words))


@st.composite
def rdms(draw, words):
    ids = tuple(draw(st.lists(words, min_size=2, max_size=5, unique=True)))
    pairs, n = len(ids) * (len(ids) - 1) // 2, draw(st.integers(0, 3))
    values = draw(arrays(np.float64, (n, pairs) if n else pairs, elements=st.floats(0, 9)))
    subjects = np.array(draw(st.lists(words, min_size=n, max_size=n)), dtype=str)
    labels = {"subject": subjects} if n and draw(st.booleans()) else {}
    return RDM(values, ids, labels, draw(words), draw(words))


@pytest.mark.parametrize("form", HOLD_ALL)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_formats_that_hold_everything_give_it_back(form, data):
    responses = data.draw(st.one_of(assemblies(text), rdms(text)))
    with tempfile.TemporaryDirectory() as folder:
        back = there_and_back(responses, form, folder)
    assert_equal(back, responses)
    assert (back.ids, back.name) == (responses.ids, responses.name)


@settings(max_examples=30, deadline=None)
@given(responses=st.one_of(assemblies(ascii_word), rdms(ascii_word)))
def test_rsatoolbox_files_hold_everything_in_ascii(responses):
    with tempfile.TemporaryDirectory() as folder:
        back = there_and_back(responses, "rsatoolbox", folder)
    assert_equal(back, responses)
    assert (back.ids, back.name) == (responses.ids, responses.name)


@pytest.mark.parametrize("form", ["npy", "thingsvision"])
@settings(max_examples=30, deadline=None)
@given(responses=assemblies(text, leading=(None,), labelled=False))
def test_a_matrix_with_ids_comes_back_or_is_refused(form, responses):
    with tempfile.TemporaryDirectory() as folder:
        try:
            options = {"id_from": "name"} if form == "thingsvision" else {}
            back = there_and_back(responses, form, folder, **options)
        except UnsuitableError:
            return
    assert_equal(back, responses)
    assert back.ids == responses.ids


@settings(max_examples=30, deadline=None)
@given(responses=assemblies(text, leading=(None,), labelled=False))
def test_a_table_holds_ids_of_any_text_and_the_very_numbers(responses):
    with tempfile.TemporaryDirectory() as folder:
        try:
            back = there_and_back(responses, "csv", folder)
        except UnsuitableError:
            return
    assert back.ids == responses.ids
    np.testing.assert_array_equal(back.values, responses.values)


@pytest.mark.parametrize("form", [f for f in WRITTEN if f != "thingsvision"])
def test_one_rdm_comes_back_as_an_rdm(form, tmp_path):
    rdm = RDM(np.array([0.1, 0.2, 1 / 3]), IDS)
    assert_equal(there_and_back(rdm, form, tmp_path), rdm)


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_a_table_keeps_the_labels_of_its_columns(suffix, tmp_path):
    rows = Assembly(np.eye(3, 2), IDS, {"unit": np.array(["left,\t1", "right"])})
    back = read_responses(write_responses(rows, tmp_path / f"t{suffix}"))
    assert_equal(back, rows)


def test_half_floats_are_kept_or_refused(tmp_path):
    half = Assembly(np.ones((3, 2), dtype=np.float16), IDS)
    assert_equal(there_and_back(half, "zarr", tmp_path), half)
    with pytest.raises(UnsuitableError, match="16-bit"):
        write_responses(half, tmp_path / "x.nc")


LABELLED = Assembly(np.eye(3, 2), IDS, {"layer": np.array(["a", "b"]), "depth": np.arange(2)})
STACK = RDM(np.ones((2, 3)), IDS, {"subject": np.array(["s1", "s2"])}, "cosine")


@pytest.mark.parametrize("form", ["npy", "csv", "thingsvision"])
def test_what_a_format_cannot_hold_is_left_out_only_by_name(form, tmp_path, refused):
    path = tmp_path / f"x{SUFFIX[form]}"
    with refused(UnsuitableError, "unit"):
        write_responses(LABELLED, path, format=form)
    assert list(tmp_path.iterdir()) == []
    write_responses(LABELLED, path, format=form, drop=("units",))
    back = read_responses(path)
    assert_equal(back, replace(LABELLED, units={}))


@pytest.mark.parametrize(
    ("form", "part"), [("npy", "several RDMs"), ("csv", "several"), ("thingsvision", "an RDM")]
)
def test_a_stack_of_rdms_is_not_squeezed_into_a_matrix(form, part, tmp_path, refused):
    with refused(UnsuitableError, part):
        write_responses(STACK, tmp_path / "x", format=form, drop=("labels", "dissimilarity"))


@pytest.mark.parametrize("form", ["npy", "csv"])
def test_the_name_of_a_dissimilarity_is_left_out_only_by_name(form, tmp_path, refused):
    one = RDM(np.ones(3), IDS, dissimilarity="cosine")
    path = tmp_path / f"x{SUFFIX[form]}"
    with refused(UnsuitableError, "dissimilarity"):
        write_responses(one, path, format=form)
    write_responses(one, path, format=form, drop=["dissimilarity"])
    assert read_responses(path, dissimilarity="cosine").digest == one.digest


@pytest.mark.parametrize("form", ["npy", "csv"])
def test_responses_that_look_like_an_rdm_are_refused_by_bare_matrices(form, tmp_path, refused):
    odd = Assembly(np.ones((3, 3)) - np.eye(3), IDS, name="odd")
    with refused(UnsuitableError, "odd", "RDM"):
        write_responses(odd, tmp_path / "x", format=form)
    assert_equal(there_and_back(odd, "npz", tmp_path), odd)


@pytest.mark.parametrize("form", WRITTEN)
def test_without_ids_nothing_is_written(form, tmp_path, refused):
    with refused(IdentityError, "no stimulus ids"):
        write_responses(Assembly(np.eye(3, 2)), tmp_path / "x", format=form)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["presentation", "stimulus_id", "data", "subject", "two words", "a/b", ""])
@pytest.mark.parametrize("form", ["netcdf", "zarr", "rsatoolbox"])
def test_a_label_whose_name_is_taken_is_refused(form, name, tmp_path, refused):
    rows = Assembly(np.zeros((1, 3, 2)), IDS, {name: np.arange(2)}, "subject", ("s",))
    with refused(UnsuitableError, repr(name)):
        write_responses(rows, tmp_path / "x", format=form)


def test_only_known_parts_can_be_dropped_and_only_known_formats_written(tmp_path, refused):
    with refused(UnknownNameError, "'unit'"):
        write_responses(LABELLED, tmp_path / "x.npz", drop=("unit",))
    with refused(UnknownNameError, "'netcfd'"):
        write_responses(LABELLED, tmp_path / "x", format="netcfd")
    with refused(InputError, "x.xyz"):
        write_responses(LABELLED, tmp_path / "x.xyz")
    with refused(UnsuitableError, "only read"):
        write_responses(LABELLED, tmp_path / "x", format="net2brain")
