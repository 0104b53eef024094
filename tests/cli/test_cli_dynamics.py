"""repalign dynamics: JSON as promised, text of 80 columns, notes, refusals."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import repalign

HEADER = "epoch,train_loss,test_loss,behavioral_rsa_rho,behavioral_rsa_p_value"
FLAG = ",used_random_targets"


def write(path, rows, *, window=None):
    lines = [HEADER + (FLAG if window else "")]
    for epoch, loss, rsa in rows:
        mark = f",{epoch in window}" if window else ""
        lines.append(f"{epoch},1,{loss},{rsa},0.5{mark}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


def loss(epoch):
    return 100 - epoch


@pytest.fixture
def runs(place):
    write(place / "runs/baseline.csv", [(e, loss(e), e / 100) for e in range(1, 41)])
    for k in (3, 8):
        rows = [(e, loss(e) + (10 if e == k else 0), e / 100 - (0.25 if e == k else 0)) for e in range(k, 41)]
        write(place / f"runs/training_run{k}/training_res_run{k}.csv", rows, window=[k])
        write(place / f"runs/target_noise/training_res_run{k}.csv", rows, window=[k])
    rows = [(e, loss(e) + (50 if e < 12 else 0), e / 100) for e in range(5, 41)]
    write(place / "runs/random_target_e5_l4/training_res.csv", rows, window=range(5, 9))
    return place / "runs"


def test_json_has_what_is_promised_unrounded(run, runs):
    ran = run("dynamics", runs, "--json")
    assert (ran.code, ran.err) == (0, "")
    found = ran.json
    assert set(found["baseline"]) >= {
        "n_epochs",
        "min_loss",
        "min_loss_epoch",
        "max_rsa",
        "max_rsa_epoch",
        "rsa",
    }
    assert (found["baseline"]["min_loss"], found["baseline"]["rsa"]["7"]) == (60.0, 0.07)
    assert found["types"][0] == {
        "kind": "target_noise",
        "epoch": 3,
        "delta_loss": 10.0,
        "delta_rsa": 3 / 100 - 0.25 - 3 / 100,
    }
    means = {f"{m}_delta_{w}" for m in ("mean", "sd") for w in ("loss", "rsa")}
    assert set(found["sweep"]) >= means | {
        "n", "max_delta_rsa", "min_delta_rsa", "n_positive_rsa", "n_negative_rsa", "rows"
    }  # fmt: skip
    assert (found["sweep"]["n"], found["sweep"]["mean_delta_loss"], found["sweep"]["sd_delta_loss"]) == (
        2,
        10,
        0,
    )
    recovery = found["recovery"]
    assert recovery["threshold"] == 0.01
    row = recovery["rows"][0]
    assert [row[name] for name in ("start", "length", "epochs", "status")] == [5, 4, 4, "recovered"]
    assert [recovery[name] for name in ("n_recovered", "n_never", "mean", "sd")] == [1, 0, 4.0, None]
    assert found["statistics"] == "one seed: no test"
    assert (found["messages"], found["figures"]) == ([], [])


def test_the_text_fits_80_columns_and_says_that_there_is_no_test(run, runs):
    ran = run("dynamics", runs)
    assert (ran.code, ran.err) == (0, "")
    told, _, summary = ran.out.partition("\nDone ")
    assert all(len(line) <= 80 for line in told.splitlines())
    assert "Next " in summary  # a command with a path, which is never broken
    for text in ("lowest loss 60.000000 at 40", "+10.000  -0.2500", "1 recovered", "one seed: no test"):
        assert text in ran.out


def test_a_baseline_elsewhere_and_a_threshold(run, runs, place):
    (runs / "baseline.csv").rename(place / "other.csv")
    error = run("dynamics", runs, "--json").error()
    assert "holds no baseline" in error["message"]
    ran = run("dynamics", runs, "--baseline", place / "other.csv", "--threshold", "0.6", "--json")
    assert ran.json["recovery"]["rows"][0]["epochs"] == 1  # +50 at epoch 9 is less than 60 % of 91
    assert run("dynamics", runs, "--threshold", "-1", "--json").code == 2


def test_figures_are_written_where_they_are_asked_for(run, runs, place):
    ran = run("dynamics", runs, "--figures", place / "figures", "--json")
    written = ran.json["figures"]
    assert [Path(path).name for path in written] == [
        f"figure-{name}.svg" for name in ("1a", "2a", "3", "4", "heatmap-target-noise")
    ]
    assert all(Path(path).stat().st_size > 1000 for path in written)
    assert not (runs / "figures").exists()


def test_what_ends_early_is_said_and_the_rest_is_kept(run, runs):
    path = runs / "training_run8/training_res_run8.csv"
    path.write_text(path.read_text().replace("\n9,1,91,", "\n9,1,nan,"))
    ran = run("dynamics", runs, "--json")
    assert ran.code == 0
    assert "the loss is nan at epoch 9; its 1 epochs before are kept" in ran.json["messages"][0]
    assert "note: training_run8/training_res_run8.csv" in ran.err
    assert ran.json["sweep"]["n"] == 2


def test_mixed_configurations_are_refused_by_name_and_kept_on_demand(run, runs):
    rows = [(e, loss(e) + 51, e / 100) for e in range(5, 41)]
    write(runs / "random_target_e5_l2/metrics.csv", rows, window=(5, 6))
    error = run("dynamics", runs, "--json").error()
    assert error["kind"] == "input"
    assert "random_target_e5_l" in error["message"]
    for name in ("--leave-out", "--mixed"):
        assert name in error["hint"]
    assert len(run("dynamics", runs, "--mixed", "--json").json["recovery"]["rows"]) == 2
    kept = run("dynamics", runs, "--leave-out", "random_target_e5_l2", "--json").json
    assert [row["length"] for row in kept["recovery"]["rows"]] == [4]


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (("nowhere",), "file", "nowhere is no folder"),
        (("runs", "--baseline", "nowhere.csv"), "file", "nowhere.csv does not exist"),
        (("runs", "--leave-out", "training_run9"), "unknown-name", "training_run9"),
    ],
)
def test_refusals(run, runs, arguments, kind, words):
    ran = run("dynamics", *arguments, "--json")
    assert ran.code == 1
    error = ran.error()
    assert error["kind"] == kind
    assert words in error["message"]


def test_neither_torch_nor_matplotlib_is_needed_for_numbers(runs):
    code = (
        "import sys\nfrom repalign.cli import main\n"
        "try:\n    main(['dynamics', 'runs', '--json'])\nexcept SystemExit:\n    pass\n"
        "sys.exit(len({'torch', 'matplotlib', 'pandas'} & set(sys.modules)))"
    )
    source = str(Path(repalign.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": source}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["baseline"]["n_epochs"] == 40
