"""Assembly: responses with labels on every axis."""

from __future__ import annotations

import numpy as np
import pytest

from repalign.data import RDM, Assembly, Choices, Target
from repalign.data.files import write_arrays
from repalign.data.target import load_responses
from repalign.errors import FileError, IdentityError, ShapeError, UnknownNameError

IDS = ("s2", "s0", "s1")
UNITS = {
    "layer": np.array(["l1", "l1", "l2", "l1"]),
    "block": np.array([7, 7, 8, 7]),
    "depth": np.array([0.1 + 0.2, 0.5, -0.0, np.inf]),
    "core": np.array([True, False, True, True]),
}


def flat() -> Assembly:
    return Assembly(np.random.default_rng(0).normal(size=(3, 4)), IDS, UNITS, name="net")


def deep(leading: str = "subject") -> Assembly:
    values = np.random.default_rng(1).normal(size=(2, 3, 4)).astype("f4")
    return Assembly(values, IDS, UNITS, leading, ("p1", "p2"), "brain")


def same(a: Assembly, b: Assembly) -> bool:
    units = a.units.keys() == b.units.keys() and all(
        a.units[k].dtype == b.units[k].dtype and a.units[k].tobytes() == b.units[k].tobytes() for k in a.units
    )
    plain = (a.ids, a.leading, a.labels, a.name) == (b.ids, b.leading, b.labels, b.name)
    return plain and units and a.values.dtype == b.values.dtype and a.values.tobytes() == b.values.tobytes()


@pytest.mark.parametrize(
    "assembly",
    [flat(), deep(), deep("repetition"), Assembly(np.eye(3, dtype=bool)), Assembly(np.zeros((0, 2), "i2"))],
)
def test_saving_loses_nothing(assembly: Assembly, tmp_path) -> None:
    loaded = Assembly.load(assembly.save(tmp_path / "a.npz"))
    assert same(loaded, assembly)
    assert loaded.digest == assembly.digest


def test_equal_assemblies_are_equal_bytes_whatever_the_order_of_labels(tmp_path) -> None:
    one = flat()
    two = Assembly(np.asfortranarray(one.values), list(IDS), dict(reversed(UNITS.items())), name="net")
    assert one.save(tmp_path / "1.npz").read_bytes() == two.save(tmp_path / "2.npz").read_bytes()
    assert one.digest == two.digest


CHANGES = {
    "value": {"values": deep().values + 1},
    "dtype": {"values": deep().values.astype("f8")},
    "ids": {"ids": ("s0", "s2", "s1")},
    "no ids": {"ids": None},
    "unit": {"units": UNITS | {"block": np.array([7, 7, 8, 8])}},
    "unit name": {"units": {"lyr" if k == "layer" else k: v for k, v in UNITS.items()}},
    "leading": {"leading": "repetition"},
    "labels": {"labels": ("p1", "p3")},
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_digest_counts_values_ids_and_every_label(change: str) -> None:
    base = deep()
    fields = {k: getattr(base, k) for k in ("values", "ids", "units", "leading", "labels", "name")}
    assert Assembly(**fields).digest == base.digest == Assembly(**fields | {"name": "other"}).digest
    assert Assembly(**fields | CHANGES[change]).digest != base.digest


@pytest.mark.parametrize("assembly", [flat(), deep()])
@pytest.mark.parametrize("label", list(UNITS))
def test_splitting_gives_each_unit_to_one_part_in_order_of_appearance(assembly: Assembly, label: str) -> None:
    parts = assembly.split(label)
    values = UNITS[label].tolist()
    assert list(parts) == [str(v) for v in dict.fromkeys(values)]
    for name, part in parts.items():
        columns = [i for i, v in enumerate(values) if str(v) == name]
        assert np.array_equal(part.values, assembly.values[..., columns])
        assert all(np.array_equal(part.units[k], UNITS[k][columns]) for k in UNITS)
        assert part.ids == IDS


def test_a_layer_is_found_by_name_and_a_typing_error_says_the_nearest(refused) -> None:
    assembly = flat()
    assert np.array_equal(assembly.layer("l2").values, assembly.values[:, [2]])
    assert assembly.layer("l1").n_units == 3
    with refused(UnknownNameError, "layer of net", "'l3'"):
        assembly.layer("l3")
    with refused(UnknownNameError, "layer of array", "'l1'"):
        Assembly(np.zeros((2, 2))).layer("l1")
    assert list(Assembly(np.zeros((2, 2))).split()) == [""]


@pytest.mark.parametrize("assembly", [flat(), deep()])
def test_selecting_takes_rows_by_id_in_the_wanted_order(assembly: Assembly) -> None:
    chosen = assembly.select(["s1", "s2"])
    assert chosen.ids == ("s1", "s2")
    assert np.array_equal(chosen.values, assembly.values[..., [2, 0], :])
    assert assembly.select(IDS).digest == assembly.digest
    assert chosen.leading == assembly.leading


def test_the_mean_is_over_the_leading_axis() -> None:
    mean = deep().mean()
    assert np.allclose(mean.values, (deep().values[0] + deep().values[1]) / 2, rtol=1e-6)
    assert (mean.leading, mean.labels, mean.ids) == (None, (), IDS)
    assert (mean.n_stimuli, mean.n_units) == (3, 4)
    assert mean.mean() is mean


def test_what_has_no_ids_or_not_these_is_refused(refused) -> None:
    with refused(IdentityError, "array", "no stimulus ids"):
        Assembly(np.zeros((2, 2))).select(["a"])
    with refused(IdentityError, "'s9'"):
        flat().select(["s9"])
    with refused(IdentityError, "unique", "'s0'"):
        flat().select(["s0", "s0"])
    with refused(IdentityError, "unique"):
        Assembly(np.zeros((2, 2)), ("a", "a"))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"values": np.zeros(3)}, ("(stimulus, unit)", "(3,)")),
        ({"values": np.zeros((2, 2, 2))}, ("(stimulus, unit)", "(2, 2, 2)")),
        ({"values": np.zeros((2, 2)), "leading": "subject"}, ("(subject, stimulus, unit)", "(2, 2)")),
        ({"values": np.zeros((2, 2), complex)}, ("numbers", "complex128")),
        ({"values": np.array([["a"]])}, ("numbers", "U1")),
        ({"values": np.zeros((2, 2)), "ids": ("a",)}, ("ids has 1", "length 2")),
        ({"values": np.zeros((2, 3)), "units": {"layer": ["a"]}}, ("units['layer'] has 1", "length 3")),
        (
            {"values": np.zeros((2, 3, 1)), "leading": "subject", "labels": ("a",)},
            ("labels has 1", "length 2"),
        ),
        ({"values": np.zeros((2, 2)), "labels": ("a",)}, ("1 labels", "without a leading axis")),
    ],
)
def test_axes_that_do_not_fit_are_refused(fields, words, refused) -> None:
    with refused(ShapeError, *words):
        Assembly(**fields)


def test_leading_axes_have_known_names_and_text_labels(refused) -> None:
    with refused(UnknownNameError, "leading axis", "'subjects'"):
        Assembly(np.zeros((1, 2, 2)), leading="subjects", labels=("a",))
    with refused(IdentityError, "labels are text", "1"):
        Assembly(np.zeros((1, 2, 2)), leading="subject", labels=(1,))


def test_another_noun_in_the_file_is_named(tmp_path, refused) -> None:
    RDM(np.arange(3.0)).save(tmp_path / "r.npz")
    with refused(FileError, "r.npz", "no assembly", "'rdm'"):
        Assembly.load(tmp_path / "r.npz")
    flat().save(tmp_path / "a.npz")
    with refused(FileError, "no rdm", "'assembly'"):
        RDM.load(tmp_path / "a.npz")
    with refused(FileError, "no choices", "'assembly'"):
        Choices.load(tmp_path / "a.npz")


TARGETS = {
    "assembly": (deep(), ("p1", "p2"), ("s2", "s0", "s1")),
    "average": (flat(), (), ("s2", "s0", "s1")),
    "repetitions": (deep("repetition"), (), ("s2", "s0", "s1")),
    "rdm": (RDM(np.zeros((2, 3)), IDS, {"subject": np.array(["x", "y"])}), ("x", "y"), IDS),
    "choices": (Choices(["b", "a"], ["s1", "s0"], ["c", "d"]), ("a", "b"), ("s0", "s1")),
}


@pytest.mark.parametrize("kind", TARGETS)
def test_a_target_knows_the_ids_and_subjects_of_its_responses(kind: str) -> None:
    responses, subjects, ids = TARGETS[kind]
    target = Target("d/t", responses, "IT", 2, note="n")
    assert (target.ids, target.subjects, target.digest) == (ids, subjects, responses.digest)
    chosen = target.select(["s0", "s1"])
    assert set(chosen.ids) == {"s0", "s1"}
    assert (chosen.name, chosen.region, chosen.n_subjects, chosen.note) == ("d/t", "IT", 2, "n")


@pytest.mark.parametrize("kind", TARGETS)
def test_saved_responses_come_back_as_the_noun_they_were(kind: str, tmp_path) -> None:
    responses = TARGETS[kind][0]
    loaded = load_responses(responses.save(tmp_path / "r.npz"))
    assert type(loaded) is type(responses)
    assert loaded.digest == responses.digest


def test_a_file_that_holds_no_responses_is_refused(tmp_path, refused) -> None:
    write_arrays(tmp_path / "r.npz", {}, {"noun": "weights"})
    with refused(FileError, "r.npz", "'weights'"):
        load_responses(tmp_path / "r.npz")
