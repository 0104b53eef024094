"""The registry of measures: ids that state every parameter, one spelling each, aliases, near names."""

from __future__ import annotations

import re

import numpy as np
import pytest

import repalign as ra
from repalign.errors import InputError, UnknownNameError
from repalign.metrics import ALIASES, FAMILIES, GROUPS, MEASURES, Measure, find_measure, measure

ALL = list(MEASURES)
WITH_PARAMETERS = [family for family in FAMILIES if family.parse]
# A valid value of every parameter other than the registered ones.
OTHER = {
    "estimator": "lange",
    "value": "0.3",
    "dimensions": "7",
    "variance": "0.8",
    "alpha": "0.3",
    "k": "7",
    "penalty": "0.5",
    "components": "3",
    "score": "r2",
    "summary": "mean",
    "scale": "2.5",
}
# Values that can be read and are out of range.
OUT_OF_RANGE = {
    "value": ("0", "nan", "inf"),
    "dimensions": ("0",),
    "variance": ("0", "1.01", "nan"),
    "alpha": ("2.5", "nan"),
    "k": ("0",),
    "penalty": ("nan", "inf"),
    "components": ("0",),
    "scale": ("0", "inf"),
}
# Values that no id spells, and other ways of writing a value.
UNREAD = {
    "estimator": ("", "unbiased"),
    "value": ("", "x", "0.30", "3e-1", "00.3", ".3"),
    "dimensions": ("", "x", "07", "7.0", "1_0"),
    "variance": ("", "x", "0.80", ".8"),
    "alpha": ("", "x", "0.30", "-1"),
    "k": ("", "x", "07", "7.0", "-1", "+7"),
    "penalty": ("", "x", "0.50", "5e-1", "-1"),
    "components": ("", "x", "03", "3.0"),
    "score": ("", "spearman"),
    "summary": ("", "max"),
    "scale": ("", "x", "2.50", "-1"),
}


def written(family, **changed):
    return family.template.format(**{key: changed.get(key, OTHER[key]) for key in family.parse})


def test_the_tables_of_these_tests_know_every_parameter():
    assert {key for family in FAMILIES for key in family.parse} == set(OTHER) == set(UNREAD)


@pytest.mark.parametrize("family", WITH_PARAMETERS, ids=lambda family: family.template)
def test_a_family_reads_what_it_writes(family):
    name = written(family)
    found = measure(name)
    assert found.id == name
    assert find_measure(name) == found or find_measure(name).id == found.id
    fields = set(re.findall(r"{(\w+)}", family.template))
    assert fields == set(family.parse)


@pytest.mark.parametrize("family", [f for f in FAMILIES if not f.parse], ids=lambda f: f.template)
def test_a_family_without_a_parameter_is_one_more_measure(family):
    assert measure(family.template).id == family.template


@pytest.mark.parametrize("family", WITH_PARAMETERS, ids=lambda family: family.template)
def test_values_out_of_range_are_refused_with_the_range(family):
    for key in family.parse:
        for value in OUT_OF_RANGE.get(key, ()):
            with pytest.raises(InputError) as caught:
                measure(written(family, **{key: value}))
            assert not isinstance(caught.value, UnknownNameError), (key, value)
            assert caught.value.hint


@pytest.mark.parametrize("family", WITH_PARAMETERS, ids=lambda family: family.template)
def test_one_value_has_one_spelling(family):
    for key in family.parse:
        for value in UNREAD[key]:
            name = written(family, **{key: value})
            assert find_measure(name) is None, name
            with pytest.raises(UnknownNameError):
                measure(name)


@pytest.mark.parametrize("name", ALL)
def test_a_registered_member_of_a_family_is_what_the_family_builds(name):
    """So that the registered and the parsed do not drift apart."""
    built = [found for family in FAMILIES if (found := family.read(name)) is not None]
    assert len(built) <= 1
    for found in built:
        assert found.describe() == MEASURES[name].describe()
        assert type(found) is type(MEASURES[name])


@pytest.mark.parametrize("family", WITH_PARAMETERS, ids=lambda family: family.template)
def test_no_two_families_read_one_id(family):
    readers = [other.template for other in FAMILIES if other.read(written(family)) is not None]
    assert readers == [family.template]


@pytest.mark.parametrize("name", ALL)
def test_an_id_is_lower_case_words_and_describes_itself(name):
    assert re.fullmatch(r"[a-z0-9.]+(-[a-z0-9.]+)*", name)
    found = MEASURES[name]
    assert found.id == name
    described = found.describe()
    low, high = described["range"]
    assert low is None or high is None or low < high
    assert described["formula"]
    assert described["source"]
    assert described["needs"]
    assert described["min_stimuli"] >= 1
    if found.is_metric:
        assert not found.higher_is_closer


def test_the_groups_are_all_measures_once():
    listed = [name for members in GROUPS.values() for name in members]
    assert sorted(listed) == sorted(ALL)


def test_every_alias_resolves_to_its_measure_and_hides_none():
    assert ALIASES
    for other, ours in ALIASES.items():
        assert measure(other).id == ours
        assert other not in MEASURES
        assert all(family.read(other) is None for family in FAMILIES)


def test_a_measure_is_returned_as_it_is():
    own = MEASURES["cka-linear-debiased"]
    assert measure(own) is own
    assert isinstance(own, Measure)
    assert ra.measure("cka-linear-debiased") is own


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("cka-linear-debaised", "cka-linear-debiased"),
        ("rsa-correlation-speerman", "rsa-correlation-spearman"),
        ("mutual-knn-10", "mutual-knn-k10"),
        ("svcca-var0.99-mean", "svcca-variance0.99-mean"),
        ("encoding-ridge-gcv-5fold-pearson-medain", "encoding-ridge-gcv-5fold-pearson-median"),
        ("error-consistency", "error-consistency-kappa"),
        ("CKA-linear-debiased", "cka-linear-debiased"),
    ],
)
def test_an_unknown_id_gets_near_ones(typed, meant):
    assert find_measure(typed) is None
    with pytest.raises(UnknownNameError, match=re.escape(typed)) as caught:
        measure(typed)
    assert f"'{meant}'" in caught.value.hint


@pytest.mark.parametrize("typed", ["", "zzz", "rsa", "mutual-knn-k10 ", "\n", "mutual-knn-k10\n"])
def test_what_is_near_to_nothing_is_still_refused(typed):
    with pytest.raises(UnknownNameError) as caught:
        measure(typed)
    assert caught.value.hint


@pytest.mark.parametrize("family", WITH_PARAMETERS, ids=lambda family: family.template)
def test_a_parameter_that_an_id_states_takes_part_in_the_number(family):
    """Measures that differ in their id alone would be one measure under two names."""
    if family.template.startswith(("accuracy", "shape-bias")):
        return
    generator = np.random.default_rng(0)
    x = generator.normal(size=(60, 12)) * np.geomspace(1, 0.1, 12)
    y = x @ generator.normal(size=(12, 9)) + generator.normal(size=(60, 9))
    if family.template.startswith("stochastic"):
        x, y = (
            ra.Assembly(
                side + generator.normal(size=(20, *side.shape)),
                leading="repetition",
                labels=tuple(map(str, range(20))),
            )
            for side in (x, y)
        )
    plain = ra.compare(x, y, written(family)).value
    values = {
        "k": "5",
        "alpha": "0.9",
        "value": "1",
        "dimensions": "3",
        "variance": "0.5",
        "penalty": "20",
        "components": "6",
        "estimator": "biased",
        "score": "pearson",
        "summary": "median",
    }
    for key in family.parse:
        other = written(family, **{key: values[key]})
        assert ra.compare(x, y, other).value != pytest.approx(plain, rel=1e-9), other
