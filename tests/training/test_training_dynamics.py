"""Numbers of the analyses: in closed form on made-up runs, to the last printed digit on published ones."""

from __future__ import annotations

import json

import numpy as np
import pytest
from published_runs import write_run, write_study

from repalign.errors import InputError
from repalign.training.published import analyse, read_folder

STUDY = "seemadhungana+ViT-Project/Data"
LENGTHS = (2, 5, 10, 20, 30, 40, 50)


@pytest.fixture
def study(tmp_path):
    return write_study(tmp_path / "study")


@pytest.fixture
def found(study):
    return analyse(read_folder(study))


# closed forms


def test_the_baseline(found):
    base = found.baseline
    assert (base["n_epochs"], base["min_loss"], base["min_loss_epoch"]) == (30, 42.0, 30)
    assert (base["max_rsa"], base["max_rsa_epoch"]) == (pytest.approx(0.5), 30)
    assert list(base["rsa"]) == [str(e) for e in range(1, 31)]
    assert base["rsa"]["7"] == pytest.approx(0.27)
    assert len(base["elastic_window"]) == 5


def test_effects_are_those_at_the_perturbed_epoch(found):
    rows = [(r["kind"], r["epoch"], r["delta_loss"], r["delta_rsa"]) for r in found.types]
    assert rows == [
        ("target_noise", 5, 5.0, pytest.approx(0.1)),
        ("target_noise", 25, 25.0, pytest.approx(-0.2)),
        ("blank_image", 5, 50.0, pytest.approx(-0.1)),
        ("blank_image", 25, 50.0, pytest.approx(-0.1)),
    ]


def test_the_sweep(found):
    sweep = found.sweep
    rsa = np.array([0.03, 0.02, 0.01, -0.15])
    assert [row["epoch"] for row in sweep["rows"]] == [2, 3, 4, 20]
    assert (sweep["n"], sweep["n_positive_rsa"], sweep["n_negative_rsa"]) == (4, 3, 1)
    assert sweep["mean_delta_loss"] == pytest.approx(29 / 4)
    assert sweep["sd_delta_loss"] == pytest.approx(np.std([2, 3, 4, 20], ddof=1))
    assert sweep["mean_delta_rsa"] == pytest.approx(rsa.mean())
    assert sweep["sd_delta_rsa"] == pytest.approx(rsa.std(ddof=1))
    assert (sweep["max_delta_rsa"], sweep["min_delta_rsa"]) == (pytest.approx(0.03), pytest.approx(-0.15))
    assert sweep["spearman_loss_epoch"] == pytest.approx(1)
    assert sweep["spearman_rsa_epoch"] == pytest.approx(-1)
    assert [part["n"] for part in sweep["ranges"]] == [4, 0, 0]
    assert sweep["ranges"][1]["mean_delta_loss"] is None


def test_recovery(found):
    rows = [(r["start"], r["length"], r["epochs"], r["status"]) for r in found.recovery["rows"]]
    assert rows == [
        (6, 2, 2, "recovered"),
        (6, 5, 5, "recovered"),
        (6, 10, 10, "recovered"),
        (9, 2, None, "never"),
    ]
    assert [r["followed"] for r in found.recovery["rows"]] == [23, 20, 15, 20]
    counts = [found.recovery[f"n_{status}"] for status in ("recovered", "never", "censored")]
    assert counts == [3, 1, 0]
    assert found.recovery["mean"] == pytest.approx(17 / 3)
    assert found.recovery["sd"] == pytest.approx(np.std([2, 5, 10], ddof=1))
    assert found.recovery["median"] == 5
    assert [r["epochs"] for r in found.recovery["alignment"]["rows"]] == [2, 5, 10, None]


def test_thresholds_are_swept_over_both_baselines(study):
    found = analyse(read_folder(study), threshold=0.7)
    assert found.recovery["threshold"] == 0.7
    # 50 above the baseline is within 70 % of 102 - 2 e until epoch 15, where the longest window ends.
    assert [r["epochs"] for r in found.recovery["rows"]] == [1, 1, 10, 1]
    swept = [(row["threshold"], row["baseline"]) for row in found.recovery["swept"]]
    assert swept == [(t, end) for end in ("trimmed", "untrimmed") for t in (0.01, 0.02, 0.05)]
    assert all(row["n_recovered"] == 3 for row in found.recovery["swept"])
    for bad in (-0.1, float("nan"), float("inf")):
        with pytest.raises(InputError, match="threshold"):
            analyse(read_folder(study), threshold=bad)


def test_the_heatmap(found):
    rows = [(r["start"], r["length"], r["delta_min_loss"], r["delta_max_rsa"]) for r in found.heatmap]
    back = (0.0, pytest.approx(0.0))
    assert rows == [(6, 2, *back), (6, 5, *back), (6, 10, *back), (9, 2, 50.0, pytest.approx(-0.1))]


def test_a_window_past_the_baselines_end_is_compared_with_its_lowest_loss_and_it_is_said(study):
    write_run(study / "lengths_baselineseed1/random_target_e28_l5/metrics.csv", 28, 5, last=40)
    found = analyse(read_folder(study))
    row = found.recovery["rows"][-1]
    assert (row["start"], row["epochs"], row["status"]) == (28, 3, "recovered")
    assert found.recovery["alignment"]["rows"][-1]["status"] == "censored"
    assert [m for m in found.messages if "e28_l5" in m and "ends at epoch 32, the baseline at 30" in m]


def test_everything_is_plain_json_and_equal_folders_give_equal_numbers(study, found):
    text = json.dumps(found.as_dict(), allow_nan=False)
    assert text == json.dumps(analyse(read_folder(study)).as_dict())
    assert json.loads(text) == found.as_dict()
    assert found.as_dict()["statistics"] == "one seed: no test"
    assert "p_value" not in text


# published numbers


@pytest.fixture(scope="module")
def published(real_data):
    folder = real_data / STUDY
    if not folder.is_dir():
        pytest.skip("needs the runs of the 2025 study")
    return analyse(read_folder(folder))


def at(rows, **where):
    (row,) = [row for row in rows if all(row[name] == value for name, value in where.items())]
    return row


def test_published_baseline(published):
    base = published.baseline
    assert base["n_epochs"] == 118
    assert (round(base["min_loss"], 6), base["min_loss_epoch"]) == (29.101309, 98)
    assert (round(base["max_rsa"], 4), base["max_rsa_epoch"]) == (0.7790, 53)
    known = {"1": 0.4554, "3": 0.4213, "10": 0.6739, "14": 0.7125, "98": 0.7556}
    assert {epoch: round(base["rsa"][epoch], 4) for epoch in known} == known
    assert base["elastic_window"] == [8, 7, 9, 6, 10]


def test_published_effects(published):
    noise = at(published.types, kind="target_noise", epoch=5)
    assert (round(noise["delta_loss"], 3), round(noise["delta_rsa"], 4)) == (11.360, 0.1224)
    shuffle = at(published.types, kind="label_shuffle", epoch=25)
    assert (round(shuffle["delta_loss"], 3), round(shuffle["delta_rsa"], 4)) == (44.896, -0.2408)
    assert len(published.types) == 12


def test_published_sweep(published):
    sweep = published.sweep
    assert [row["epoch"] for row in sweep["rows"]] == [*range(1, 21), *range(60, 71)]
    assert round(at(sweep["rows"], epoch=1)["delta_rsa"], 3) == -0.017
    assert round(at(sweep["rows"], epoch=5)["delta_rsa"], 3) == 0.122
    assert (sweep["n"], sweep["n_positive_rsa"], sweep["n_negative_rsa"]) == (31, 6, 25)
    assert [row["epoch"] for row in sweep["rows"] if row["delta_rsa"] > 0] == [2, 3, 4, 5, 6, 7]
    assert sweep["n_positive_loss"] == 31


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (1, [41, 53, 10, 38, 58, 61, 62]),
        (10, [7, 12, 23, 52, 58, 67, None]),
        (40, [7, 11, 18, 26, 29, 31, 30]),
        (90, [6, 7, 8, 9, 11, 12, 13]),
    ],
)
def test_published_recovery(published, start, expected):
    rows = [at(published.recovery["rows"], start=start, length=length) for length in LENGTHS]
    assert [row["epochs"] for row in rows] == expected
    assert [row["status"] for row in rows] == ["never" if n is None else "recovered" for n in expected]


def test_the_published_never_goes_with_a_wider_threshold_or_the_whole_baseline(published):
    counts = {(r["threshold"], r["baseline"]): r["n_recovered"] for r in published.recovery["swept"]}
    assert counts.pop((0.01, "trimmed")) == 34
    assert set(counts.values()) == {35}


def test_published_vit(published):
    vit = published.vit
    assert (vit["n_epochs"], round(vit["max_rsa"], 3), vit["max_rsa_epoch"]) == (100, 0.519, 16)
    assert round(vit["max_accuracy"], 1) == 62.3
    # The study's end is epoch 98 of 0 to 99; the last row has .278.
    assert round(vit["rsa"]["98"], 3) == 0.276
    assert round(vit["last_rsa"], 3) == 0.278


def test_published_regions(real_data):
    folder = real_data / "marrenj+cvpr_perturbations/data"
    if not folder.is_dir():
        pytest.skip("needs the regions of the 2025 study")
    found = analyse(read_folder(folder))
    assert found.baseline["min_loss"] == pytest.approx(29.101309, abs=5e-7)
    sets = {}
    for row in found.regions:
        sets.setdefault(row["source"].split("/")[2], []).append(row["region"])
    nod = {"V1", "V2", "V3", "V4", "LO1", "LO2", "LO3", "PIT", "FFC", "V8", "VMV1", "VMV2", "VMV3", "VVC"}
    assert {name: set(regions) for name, regions in sets.items()} == {
        "nod": nod,
        "things": {"va-1", "va-2", "va-3", "LOC"},
    }
    assert {row["n_epochs"] for row in found.regions} == {98}
    loc = at(found.regions, region="LOC")
    assert loc["rho"]["98"] == 0.29336793482114903
