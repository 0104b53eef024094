"""Published values, recomputed on the published data through score()."""

from __future__ import annotations

import pytest

import repalign as ra

pytestmark = pytest.mark.usefixtures("real_data")

# Spearman with the rank-pooled human IT; and the mean over the four subjects where it was given.
POOLED = {
    "kriegeskorte92/animacy": 0.5796,
    "kriegeskorte92/monkey-it": 0.4326,
    "kriegeskorte92/category": 0.4011,
    "kriegeskorte92/eva": 0.3593,
    "kriegeskorte92/hmax": 0.2251,
    "kriegeskorte92/silhouette": 0.1316,
    "builtin/rgb": 0.1077,
    "kriegeskorte92/v1": 0.0336,
}
MEANS = {
    "kriegeskorte92/animacy": 0.3862,
    "kriegeskorte92/monkey-it": 0.2963,
    "kriegeskorte92/category": 0.2766,
}
NONE = {"draws": 0, "permutations": 0}


@pytest.mark.parametrize(("model", "value"), POOLED.items())
def test_kriegeskorte_values_against_the_pooled_human_it(model, value):
    row = ra.score(model, "kriegeskorte92/human-it-pooled", "rsa-correlation-spearman", **NONE)[-1]
    assert row.value == pytest.approx(value, abs=1e-3)
    assert row.ceiling_lower is None
    assert "named reproduction" in row.reason


@pytest.mark.parametrize(("model", "value"), MEANS.items())
def test_kriegeskorte_values_as_means_over_subjects_with_their_ceiling(model, value):
    row = ra.score(model, "kriegeskorte92/human-it", **NONE)[-1]
    assert row.value == pytest.approx(value, abs=1e-3)
    assert row.ceiling_lower == pytest.approx(0.372, abs=1e-3)
    assert row.ceiling_upper == pytest.approx(0.666, abs=1e-3)


def test_things_by_identity_whatever_the_order_of_rows():
    things = ra.dataset("things-behaviour")
    rdm48 = things.target("rdm48")
    spose = things.response("spose66").select(rdm48.ids)
    plain = ra.score(spose, rdm48, "rsa-correlation-spearman", **NONE)[-1].value
    assert plain == pytest.approx(0.8644037, abs=1e-6)
    for order in (sorted(rdm48.ids), sorted(rdm48.ids, reverse=True)):
        assert ra.score(spose.select(order), rdm48, "rsa-correlation-spearman", **NONE)[-1].value == plain
        assert ra.score(spose, rdm48.select(order), "rsa-correlation-spearman", **NONE)[-1].value == plain
    assert ra.score("things-behaviour/spose66", "things-behaviour/rdm48", **NONE)[-1].value == plain


def test_things_with_more_stimuli_than_the_target_are_refused_and_named():
    things = ra.dataset("things-behaviour")
    with pytest.raises(ra.RepalignError, match="1806 only in"):
        ra.score(things.response("spose66"), things.target("rdm48"))


def test_edges_ceiling_and_resnet50():
    row = ra.score("geirhos-edges/resnet50", "geirhos-edges/humans", draws=200, permutations=200)[-1]
    assert row.value == pytest.approx(0.03626, abs=1e-5)
    assert row.ceiling_lower == pytest.approx(0.31844, abs=1e-5)
    assert row.ceiling_upper is None
    assert row.n_subjects == 10


def test_people_agree_more_among_one_another_than_networks_with_them():
    rows = [
        ra.score(f"geirhos-edges/{net}", "geirhos-edges/humans", **NONE)[-1]
        for net in ra.dataset("geirhos-edges").responses
    ]
    assert len(rows) == 25
    assert all(row.value < row.ceiling_lower for row in rows)


def test_digits_pixels_carry_class_structure():
    digits = ra.score("builtin/rgb", "digits/classes", draws=0, permutations=20)[-1]
    assert digits.n_stimuli == 1797
    assert digits.value > 0
    assert digits.p == pytest.approx(1 / 21)


def test_cifar10h_on_a_seeded_subset_of_its_images():
    row = ra.score("builtin/rgb", "cifar10h/labels", subset=500, draws=0, permutations=0)[-1]
    assert row.n_stimuli == 500
    assert "500 of 10000 stimuli" in row.reason
