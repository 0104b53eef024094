"""Readers of published runs: every form gives one noun; what is damaged or mixed is refused by name."""

from __future__ import annotations

import shutil
from pathlib import PurePosixPath

import numpy as np
import pytest
from published_runs import (
    FLAGS,
    LAST,
    baseline_loss,
    course,
    write,
    write_baseline,
    write_run,
    write_study,
)

from repalign.errors import FileError, InputError, UnknownNameError
from repalign.training.published import (
    KINDS,
    analyse,
    read_folder,
    read_regions,
    read_run,
    read_vit_baseline,
    read_vit_effects,
)
from repalign.training.published.kinds import Place, place_of

TWO = ("target_noise", "label_shuffle")


@pytest.fixture
def study(tmp_path):
    return write_study(tmp_path / "study")


def run_at(folder, name, start, length, **how):
    """Write a run and read it back under its name."""
    path = write_run(folder / name, start, length, **how)
    return read_run(path, place_of(PurePosixPath(name)), name=name)


# names


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("baseline_clip_results_seed1.csv", Place("baseline")),
        ("baseline/training_res_seed2.csv", Place("baseline")),
        ("training_results/training_res_seed3.csv", Place("baseline")),
        ("x/random_target_e10_l20/training_res.csv", Place("length", "target_noise", 10, 20)),
        ("random_target_e1_l2/metrics.csv", Place("length", "target_noise", 1, 2)),
        ("label-shuffle_e3_l4/metrics.csv", Place("length", "label_shuffle", 3, 4)),
        ("target_noise/training_res_run98.csv", Place("type", "target_noise", 98, 1)),
        ("uniform_target/training_res_run5.csv", Place("type", "blank_image", 5, 1)),
        ("image_noise/run5/metrics.csv", Place("type", "image_noise", 5, 1)),
        ("single_sweep_experiments/training_run7/training_res_run7.csv", Place("sweep", None, 7, 1)),
        ("somewhere/metrics.csv", None),
    ],
)
def test_a_name_says_where_a_run_belongs(name, place):
    assert place_of(PurePosixPath(name)) == place


def test_a_window_of_an_unknown_kind_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownNameError, match="randm_target") as error:
        place_of(PurePosixPath("randm_target_e1_l2/metrics.csv"))
    assert "'random_target'" in error.value.hint


# forms


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("flags", [(), TWO, (*TWO, "blank_image"), tuple(FLAGS)])
@pytest.mark.parametrize("kind", KINDS)
def test_every_form_gives_the_same_run(tmp_path, end, flags, kind):
    run = run_at(tmp_path, f"{kind}_e4_l3/metrics.csv", 4, 3, kind=kind, flags=flags, end=end)
    assert (run.family, run.kind, run.start, run.length, run.window) == ("length", kind, 4, 3, (4, 6))
    assert run.notes == ()
    np.testing.assert_array_equal(run.epochs, range(4, LAST + 1))
    np.testing.assert_array_equal(run.loss, [row[1] for row in course(4, 3, 3, LAST)])
    np.testing.assert_array_equal(run.rsa, [row[2] for row in course(4, 3, 3, LAST)])
    assert run.at(4) == (baseline_loss(4) + 50, run.rsa[0])
    assert run.at(3) is None


def test_a_run_whose_name_says_nothing_is_placed_by_its_flags(tmp_path):
    path = write_run(tmp_path / "a.csv", 4, 3, kind="image_noise")
    run = read_run(path)
    assert (run.family, run.kind, run.start, run.length) == ("length", "image_noise", 4, 3)
    with pytest.raises(FileError, match="neither its name nor flags"):
        read_run(write_run(tmp_path / "b.csv", 4, 3, flags=()))


def test_a_byte_order_mark_and_another_order_of_columns_are_read(tmp_path):
    path = tmp_path / "baseline.csv"
    path.write_bytes(
        b"\xef\xbb\xbftest_loss,behavioral_rsa_rho,epoch,train_loss\n2.5,0.25,1,3\n2.0,0.5,2,3\n"
    )
    run = read_run(path, Place("baseline"))
    assert (run.loss.tolist(), run.rsa.tolist(), run.epochs.tolist()) == ([2.5, 2.0], [0.25, 0.5], [1, 2])


# damage


def altered(path, old, new):
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode())
    return path


def test_a_missing_column_is_named_with_the_nearest(tmp_path):
    path = altered(write_baseline(tmp_path), "test_loss", "tets_loss")
    with pytest.raises(FileError, match="no column 'test_loss'") as error:
        read_run(path, Place("baseline"))
    assert "Nearest: 'tets_loss'" in error.value.hint


def test_a_misspelt_flag_is_not_taken_for_no_flag(tmp_path):
    path = altered(write_run(tmp_path / "a.csv", 4, 3), "used_image_noise", "used_image_noises")
    with pytest.raises(FileError, match="no column 'used_image_noise'"):
        read_run(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\n12,", "\n11,", "epoch 11 is there twice"),
        ("\n12,", "\n3,", "epoch 3 is there twice"),
        ("\n12,", "\n13,", "epoch 13 follows epoch 11"),
        ("\n12,", "\n12.5,", "line 13, column 'epoch': '12.5' is no whole number"),
        ("\n12,1.0,", "\n12,", "line 13 has 4 cells, the header 5"),
        ("78.0", "seventy", "column 'test_loss': 'seventy' is no number"),
        ("78.0", "7_8", "column 'test_loss': '7_8' is no number"),
        (",train_loss", ",epoch", "two columns 'epoch'"),
    ],
)
def test_a_damaged_file_is_refused_with_its_line(tmp_path, old, new, message):
    path = altered(write_baseline(tmp_path), old, new)
    with pytest.raises(FileError, match=message):
        read_run(path, Place("baseline"))


@pytest.mark.parametrize("content", [b"", b"epoch,train_loss,test_loss,behavioral_rsa_rho\n"])
def test_a_file_without_epochs_is_refused(tmp_path, content):
    (tmp_path / "baseline.csv").write_bytes(content)
    with pytest.raises(FileError, match="holds no epochs"):
        read_folder(tmp_path)


def test_the_first_row_must_be_the_first_perturbed_epoch(tmp_path):
    place = Place("length", "target_noise", 4, 3)
    rows = course(2, 3, 3, LAST)
    path = write(tmp_path / "a.csv", rows, flags=TWO, window=(4, 5, 6), kind="target_noise")
    with pytest.raises(FileError, match="first row is epoch 2, its first perturbed epoch 4"):
        read_run(path, place)
    with pytest.raises(FileError, match="first row is epoch 2, its first perturbed epoch 4"):
        read_run(path)  # known from the flags alone


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"kind": "label_shuffle"}, "flags say label_shuffle, its name target_noise"),
        ({"kind": None}, "flags say no perturbation, its name target_noise"),
        ({"window": (4, 5)}, "flags are set at epochs 4 to 5, its name says 4 to 6"),
        ({"window": (4, 5, 6, 9)}, "flags are set at epochs 4, 5, 6, 9, its name says 4 to 6"),
    ],
)
def test_flags_that_say_something_else_than_the_name_are_refused(tmp_path, written, message):
    how = {"kind": "target_noise", "window": (4, 5, 6), "flags": tuple(FLAGS), **written}
    name = "random_target_e4_l3/training_res.csv"
    path = write(tmp_path / name, course(4, 3, 3, LAST), **how)
    with pytest.raises(FileError, match=message) as error:
        read_run(path, place_of(PurePosixPath(name)), name=name)
    assert name in error.value.message


# what ends early


def test_epochs_before_a_loss_of_nan_are_kept_and_it_is_said(tmp_path):
    for bad in ("nan", "inf"):
        path = altered(write_baseline(tmp_path), f",{baseline_loss(12)!r},", f",{bad},")
        run = read_run(path, Place("baseline"))
        assert run.epochs.tolist() == list(range(1, 12))
        assert len(run.loss) == len(run.rsa) == len(run.train_loss) == 11
        assert len(run.notes) == 1
        assert f"the loss is {bad} at epoch 12; its 11 epochs before are kept" in run.notes[0]


def test_an_undefined_rsa_leaves_the_loss(tmp_path):
    run = read_run(altered(write_baseline(tmp_path), repr(0.2 + 0.01 * 12), "nan"), Place("baseline"))
    assert len(run.epochs) == LAST
    assert np.flatnonzero(np.isnan(run.rsa)).tolist() == [11]
    assert "RSA is undefined at epochs 12" in run.notes[0]


def test_a_record_that_ends_inside_its_window_is_kept_and_it_is_said(tmp_path):
    run = run_at(tmp_path, "random_target_e25_l10/metrics.csv", 25, 10)
    assert (run.window, int(run.epochs[-1])) == ((25, 34), LAST)
    assert "window ends at epoch 34, its record at 30: cut short" in run.notes[0]


# folders


def test_a_study_is_read_whole(study):
    found = read_folder(study)
    assert found.baseline.name == "baseline_seed1.csv"
    counts = {name: len(found.family(name)) for name in ("type", "sweep", "length")}
    assert counts == {"type": 4, "sweep": 4, "length": 4}
    assert [(r.start, r.length) for r in found.family("length")] == [(6, 2), (6, 5), (6, 10), (9, 2)]
    assert {run.kind for run in found.family("type")} == {"target_noise", "blank_image"}
    assert found.messages == ()
    assert found.vit is None
    assert found.regions == ()


def test_other_tables_in_a_folder_are_passed_over(study):
    (study / "embedding.csv").write_text("0.5,0.25\n1,2\n")
    (study / "binary.csv").write_bytes(b"\xff\xfe\x00")
    assert len(read_folder(study).runs) == 12


def test_a_file_called_like_a_run_is_not_passed_over(study):
    (study / "lengths_baselineseed1/random_target_e6_l5/training_res.csv").write_text("epoch,los\n6,1\n")
    with pytest.raises(FileError, match="no column 'train_loss', 'test_loss', 'behavioral_rsa_rho'"):
        read_folder(study)


def test_a_baseline_below_the_folder_is_found_and_one_in_it_goes_first(study):
    (study / "baseline").mkdir()
    (study / "baseline_seed1.csv").rename(study / "baseline/training_res_seed1.csv")
    assert read_folder(study).baseline.name == "baseline/training_res_seed1.csv"
    write_baseline(study, last=29)
    assert len(read_folder(study).baseline.epochs) == 29


def test_no_baseline_and_several_are_refused(study, tmp_path):
    other = write_baseline(study, "baseline_seed2.csv")
    with pytest.raises(InputError, match=r"2 baselines: baseline_seed1.csv, baseline_seed2.csv"):
        read_folder(study)
    other.unlink()
    elsewhere = shutil.move(study / "baseline_seed1.csv", tmp_path / "b_seed1.csv")
    with pytest.raises(InputError, match="holds no baseline") as error:
        read_folder(study)
    assert "--baseline" in error.value.hint
    assert len(read_folder(study, elsewhere).runs) == 12
    with pytest.raises(FileError, match="is no folder"):
        read_folder(tmp_path / "nowhere")


def test_a_baseline_that_was_perturbed_is_refused(tmp_path):
    write_run(tmp_path / "baseline.csv", 1, 2)
    with pytest.raises(FileError, match="flags say target_noise, it is called a baseline"):
        read_folder(tmp_path)


def test_a_baseline_without_any_loss_is_refused(tmp_path):
    altered(write_baseline(tmp_path), f",{baseline_loss(1)!r},", ",nan,")
    with pytest.raises(InputError, match="the loss is nan at epoch 1"):
        read_folder(tmp_path)


def test_a_run_without_any_loss_is_left_out_and_the_others_stay(study):
    path = study / "target_noise/training_res_run5.csv"
    altered(path, f",{baseline_loss(5) + 5.0!r},", ",nan,")
    found = read_folder(study)
    assert len(found.runs) == 11
    assert found.messages == (
        "target_noise/training_res_run5.csv: the loss is nan at epoch 5; nothing of it can be used",
    )
    rows = analyse(found).types
    assert [(r["kind"], r["epoch"]) for r in rows] == [
        ("target_noise", 25),
        ("blank_image", 5),
        ("blank_image", 25),
    ]


@pytest.mark.parametrize("name", ["training_run3", "training_res_run3.csv", "training_res_run3"])
def test_runs_can_be_left_out(study, name):
    assert [r.start for r in read_folder(study, leave_out=[name]).family("sweep")] == [2, 4, 20]
    with pytest.raises(UnknownNameError, match="training_rum3") as error:
        read_folder(study, leave_out=["training_rum3"])
    assert "'training_run3'" in error.value.hint


def test_two_equal_records_of_a_run_are_one_and_two_different_ones_are_refused(study):
    folder = study / "lengths_baselineseed1/random_target_e6_l2"
    shutil.copy(folder / "metrics.csv", folder / "training_res.csv")
    assert len(read_folder(study).runs) == 12
    altered(folder / "training_res.csv", "0.5,", "0.25,")
    with pytest.raises(FileError, match="two records of one run, and differ"):
        read_folder(study)


# configurations


def lengths(study, start, length):
    return study / f"lengths_baselineseed1/random_target_e{start}_l{length}"


def mixed(study, pattern, **how):
    """Refused with a message, and kept with the same message when asked for."""
    with pytest.raises(InputError, match=pattern) as error:
        read_folder(study, **how)
    assert "different configurations are mixed" in error.value.message
    kept = read_folder(study, mixed=True, **how)
    assert any(m in error.value.message for m in kept.messages)
    return kept


def test_a_run_that_differs_inside_the_window_it_shares_is_named(study):
    write_run(lengths(study, 6, 5) / "training_res.csv", 6, 5, loss=50.001)
    kept = mixed(study, r"random_target_e6_l5/training_res.csv differs from .*_l\d+/\w+.csv at epoch 6")
    assert len(kept.runs) == 12
    write_run(lengths(study, 6, 5) / "training_res.csv", 6, 5, loss=50.00000001)  # as GPUs do
    assert read_folder(study).messages == ()


def test_the_one_that_differs_from_most_is_named_and_not_the_most(study):
    write_run(lengths(study, 6, 10) / "training_res.csv", 6, 10, back=10, rsa=-0.2)
    with pytest.raises(InputError) as error:
        read_folder(study)
    assert error.value.message.count("differs from") == 1
    assert "random_target_e6_l10/training_res.csv differs from" in error.value.message


def test_another_seed_of_baseline_is_named(study):
    lengths(study, 6, 2).parent.rename(study / "lengths_baselineseed3")
    mixed(study, "lengths_baselineseed3/.* is of baseline seed 3, baseline_seed1.csv of seed 1")


def test_a_start_for_which_the_baseline_has_no_snapshot_is_named(study):
    write_baseline(study, last=18)
    with pytest.raises(
        InputError, match=r"starts from the baseline's epoch 24, and baseline_seed1.csv has 18"
    ):
        read_folder(study)
    # Started from the last snapshot: no epoch to compare with, which is no other configuration.
    write_baseline(study, last=24)
    found = analyse(read_folder(study))
    assert found.types[1] == {"kind": "target_noise", "epoch": 25, "delta_loss": None, "delta_rsa": None}
    assert any("the baseline ends at epoch 24, before its window" in m for m in found.messages)


def test_another_kind_in_a_sweep_is_named(study):
    path = study / "single_sweep_experiments/training_run4/training_res_run4.csv"
    write_run(path, 4, 1, kind="label_shuffle")
    mixed(study, "training_res_run4.csv is of label_shuffle, the sweep of target_noise")


def test_two_runs_for_one_cell_are_named(study):
    write_run(study / "again_baselineseed1/random_target_e6_l2/metrics.csv", 6, 2, back=2)
    mixed(study, "again.*e6_l2/metrics.csv and lengths.*e6_l2/metrics.csv have one window and kind")


# the ViT


VIT = "checkpoint,epoch,train_loss,val_loss,val_acc,rsa_score\n"
EFFECTS = "perturb_epoch,perturbation_type,baseline_loss,baseline_rsa,perturbed_loss,perturbed_rsa"


def test_the_vit_is_read_with_its_epochs_from_0_and_what_is_wrong_with_it_is_said(study):
    (study / "rsa_results_final.csv").write_text(VIT + "c0,0,5,9.5,12.5,0.25\nc1,1,4,8.5,25,0.5\n")
    effects = "5,gaussian,7,0.5,13,0.25,6,-0.25\n5,uniform_gray,7,0.5,8,0.75,1,0.25\n"
    (study / "perturbation_effects.csv").write_text(f"{EFFECTS},delta_loss,delta_rsa\n{effects}")
    read = read_folder(study)
    assert any("twice the mean" in m for m in read.messages)
    assert any("artefact" in m for m in read.messages)
    found = analyse(read)
    assert (found.vit["min_loss_epoch"], found.vit["max_rsa"], found.vit["last_rsa"]) == (1, 0.5, 0.5)
    assert found.vit["rsa"] == {"0": 0.25, "1": 0.5}
    assert found.vit_types == [
        {"kind": "image_noise", "epoch": 5, "delta_loss": 6.0, "delta_rsa": -0.25},
        {"kind": "blank_image", "epoch": 5, "delta_loss": 1.0, "delta_rsa": 0.25},
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("5,gaussian,7,0.5,13,0.25,5,-0.25", "delta_loss is not perturbed_loss minus baseline_loss"),
        ("5,gausian,7,0.5,13,0.25,6,-0.25", "no kind of perturbation named 'gausian'"),
    ],
)
def test_effects_on_the_vit_that_contradict_themselves_are_refused(tmp_path, row, message):
    path = tmp_path / "e.csv"
    path.write_text(f"{EFFECTS},delta_loss,delta_rsa\n{row}\n")
    with pytest.raises(InputError, match=message):
        read_vit_effects(path)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("c0,0,5,9,12,nan\n", "NaN or infinite"),
        ("c0,0,5,9,12,0.1\nc2,2,5,9,12,0.1\n", "epochs do not rise by one"),
    ],
)
def test_a_damaged_vit_is_refused(tmp_path, rows, message):
    path = tmp_path / "v.csv"
    path.write_text(VIT + rows)
    with pytest.raises(FileError, match=message):
        read_vit_baseline(path)


# regions


def write_regions(path, regions, runs=None, *, shift=0.0):
    """Alignment of region i at epoch e: i + e / 100, plus ``shift``."""
    rows = [(run, e, r, i + e / 100 + shift) for run, e in runs or [("", e) for e in range(1, 11)]
            for i, r in enumerate(regions)]  # fmt: skip
    if runs is None:
        lines = ["epoch,roi,rho,p_value", *(f"{e},{r},{v},0.0" for _, e, r, v in rows)]
    elif isinstance(runs[0][0], int):
        lines = ["training_run,epoch,roi,rho,p_value", *(f"{k},{e},{r},{v},0.0" for k, e, r, v in rows)]
    else:
        lines = ["roi,epoch,experiment,rho,p_value", *(f"{r},{e},{k},{v},0.0" for k, e, r, v in rows)]
    path.write_text("\n".join(lines) + "\n")


def test_regions_by_epoch_and_against_behaviour(study):
    write_regions(study / "baseline_rsa_results.csv", ["V1", "LOC"])
    rows = analyse(read_folder(study)).regions
    assert [r["region"] for r in rows] == ["V1", "LOC"]
    assert rows[1]["max"] == pytest.approx(1.1)
    assert (rows[1]["max_epoch"], rows[1]["n_epochs"], rows[1]["spearman_behaviour"]) == (10, 10, 1.0)
    assert rows[0]["rho"]["3"] == pytest.approx(0.03)


@pytest.mark.parametrize(
    "runs", [[(3, 3), (3, 4), (7, 7)], [("random_target_e3_l2", 3), ("random_target_e3_l2", 4)]]
)
def test_effects_by_region_are_those_at_the_first_perturbed_epoch(study, runs):
    write_regions(study / "base_regions.csv", ["V1", "LOC"])
    write_regions(study / "sweep_regions.csv", ["LOC", "V1"], runs, shift=0.5)
    found = analyse(read_folder(study))
    # The sweep lists regions the other way round: LOC is .5 - 1 away, V1 .5 + 1.
    starts = [3, 7] if len(runs) == 3 else [3]
    assert [(r["epoch"], r["region"]) for r in found.region_effects] == [
        (start, region) for start in starts for region in ("LOC", "V1")
    ]
    deltas = [row["delta_rho"] for row in found.region_effects]
    np.testing.assert_allclose(deltas, [-0.5, 1.5] * len(starts), atol=1e-12)


def test_effects_without_a_baseline_of_their_regions_are_left_out_and_it_is_said(study):
    write_regions(study / "base_regions.csv", ["V1", "LOC"])
    write_regions(study / "sweep_regions.csv", ["V1", "V2"], [(3, 3)])
    found = analyse(read_folder(study))
    assert found.region_effects == []
    assert "sweep_regions.csv: 0 baselines have its regions; no effect is computed" in found.messages


def test_a_region_twice_in_an_epoch_is_refused(tmp_path):
    (tmp_path / "r.csv").write_text("epoch,roi,rho\n1,V1,0.5\n1,V1,0.25\n")
    with pytest.raises(FileError, match="region V1 is there twice at epoch 1"):
        read_regions(tmp_path / "r.csv")
