"""Laws of the names that others use: one owner, our number the most frequent, the page as computed."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from benchmarks import golden
from repalign.metrics import ALIASES, MEASURES, find_measure
from repalign.metrics.catalogue import registry


@pytest.fixture(scope="module")
def table(real_data):
    return golden.published(real_data)


def frequencies(values: list[float], agrees) -> list[int]:
    """For each value, how many of all agree with it."""
    return [sum(agrees(a, b) for b in values) for a in values]


def test_every_name_has_one_owner():
    every = [name for module in registry._MODULES.values() for name in module.ALIASES]
    assert [name for name, times in Counter(every).items() if times > 1] == []
    assert len(every) == len(ALIASES)


@pytest.mark.parametrize("name", sorted(ALIASES))
def test_a_name_of_others_leads_to_an_id_of_ours_and_is_none_itself(name):
    assert name not in MEASURES
    assert find_measure(name).id == ALIASES[name]


def test_our_number_is_the_most_frequent_one(table):
    found = golden.ours()
    for name, own in found.items():
        values = list(table[name].values())
        agreeing = sum(golden.agrees(value, own) for value in values)
        assert agreeing == max(frequencies(values, golden.agrees)), (name, own, table[name])


def test_what_implementations_split_on_evenly_is_derived(table):
    for name in golden.ours():
        count = frequencies(list(table[name].values()), golden.agrees)
        even = count.count(max(count)) > max(count)
        assert even == (f"**`{name}`.**" in golden.SPLITS), name


def test_every_other_name_has_a_reason(table):
    assert set(ALIASES) <= set(table)
    assert {name for name in table if name not in ALIASES and golden.reason(name) == golden.UNKNOWN} == set()


def test_every_cause_is_that_of_an_implementation_that_differs(table):
    found = golden.ours()
    for who, which, why in golden.CAUSES:
        named = [name for name in found if re.fullmatch(which, name) and who in table[name]]
        differing = [name for name in named if not golden.agrees(table[name][who], found[name])]
        assert any(golden.cause(who, name) == why for name in differing), (who, which)


def test_the_page_says_what_is_computed(table):
    assert golden.PAGE.read_text(encoding="utf-8") == "\n".join(golden.page(table))
