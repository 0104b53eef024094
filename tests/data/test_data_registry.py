"""Registry: names in order, and the nearest ones for a typing error."""

from __future__ import annotations

import pytest

from repalign.data import Registry
from repalign.errors import InputError, UnknownNameError


@pytest.fixture
def measures() -> Registry[int]:
    registry = Registry[int]("measure")
    for value, name in enumerate(["rsa-pearson", "cka-linear", "cka-rbf", "procrustes"]):
        assert registry.add(name, value) == value
    return registry


def test_members_keep_the_order_in_which_they_were_added(measures) -> None:
    assert list(measures) == ["rsa-pearson", "cka-linear", "cka-rbf", "procrustes"]
    assert measures.values() == (0, 1, 2, 3)
    assert len(measures) == 4
    assert measures["cka-rbf"] == 2
    assert "cka-rbf" in measures
    assert "cka" not in measures


def test_a_typing_error_comes_with_the_nearest_names(measures, refused) -> None:
    with refused(UnknownNameError, "no measure", "'cka-liner'"):
        measures["cka-liner"]
    with pytest.raises(UnknownNameError) as caught:
        measures["cka-liner"]
    assert caught.value.hint.startswith("Did you mean: 'cka-linear'")
    assert "procrustes" not in caught.value.hint


def test_a_name_near_to_none_comes_with_all_of_them(measures) -> None:
    with pytest.raises(UnknownNameError) as caught:
        measures["zzzz"]
    assert all(name in caught.value.hint for name in measures)


def test_a_taken_name_is_refused_and_the_first_member_stays(measures, refused) -> None:
    with refused(InputError, "measure", "'procrustes'", "already"):
        measures.add("procrustes", 9)
    assert measures["procrustes"] == 3
