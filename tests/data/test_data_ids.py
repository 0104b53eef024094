"""Stimulus identity: joined by id, never by position."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repalign.data import check_ids, join_ids, positions
from repalign.errors import IdentityError

names = st.lists(st.text(min_size=1, max_size=3), unique=True, min_size=1, max_size=8)


@given(names, st.randoms())
def test_both_sides_arrive_in_the_same_canonical_order(ids: list[str], random) -> None:
    left, right = list(ids), list(ids)
    random.shuffle(left)
    random.shuffle(right)
    joined, i, j = join_ids(left, right)
    assert joined == tuple(sorted(ids))
    assert [left[k] for k in i] == [right[k] for k in j] == list(joined)


def test_differing_ids_are_named_counted_and_attributed(refused) -> None:
    with refused(IdentityError, "model and brain", "1 only in brain ('d')", "2 only in model ('a', 'b')"):
        join_ids(["a", "b", "c"], ["c", "d"], names=("model", "brain"))


def test_of_many_differing_ids_only_some_are_named(refused) -> None:
    ids = [f"s{i:03d}" for i in range(100)]
    with refused(IdentityError, "99 only in left", "'s001', 's002', 's003', ..."):
        join_ids(ids, ids[:1])


@pytest.mark.parametrize("sides", [(["a", "a"], ["a"]), (["a"], ["a", "a"])])
def test_a_doubled_id_on_either_side_is_refused(sides, refused) -> None:
    with refused(IdentityError, "unique", "'a'"):
        join_ids(*sides)


@pytest.mark.parametrize("odd", [1, None, "", b"a", np.int64(3), ("a",)])
def test_ids_that_are_no_text_are_refused(odd: object, refused) -> None:
    with refused(IdentityError, "non-empty text", repr(odd)):
        check_ids(["a", odd])


def test_ids_from_an_array_become_plain_text() -> None:
    checked = check_ids(np.array(["b", "a"]))
    assert checked == ("b", "a")
    assert [type(i) for i in checked] == [str, str]


@given(names, st.data())
def test_positions_bring_rows_into_the_wanted_order(have: list[str], data) -> None:
    wanted = data.draw(st.permutations(have)) if have else []
    assert [have[i] for i in positions(have, wanted)] == wanted


@pytest.mark.parametrize("have", [[], ["a", "b"]])
def test_absent_ids_are_counted_and_named(have: list[str], refused) -> None:
    with refused(IdentityError, "2 of 2 subjects", "'x', 'y'"):
        positions(have, ["x", "y"], what="subjects")
