"""Figures of dynamics: what is drawn are the numbers, every axis has a name, and no interval is invented."""

from __future__ import annotations

import re

import pytest
from published_runs import write_study

from repalign.errors import InputError
from repalign.report.dynamics import dynamics_drawings, write_dynamics_figures
from repalign.report.dynamics_courses import figure_regions
from repalign.training.published import analyse, read_folder

VIT = "checkpoint,epoch,train_loss,val_loss,val_acc,rsa_score\nc0,0,5,9,12,0.25\nc1,1,4,8,25,0.5\n"
EFFECTS = (
    "perturb_epoch,perturbation_type,baseline_loss,baseline_rsa,perturbed_loss,perturbed_rsa\n"
    "5,gaussian,7,0.5,13,0.25\n5,label_shuffle,7,0.5,12,0.25\n"
)
REGIONS = "epoch,roi,rho\n1,V1,0.1\n1,LOC,0.2\n2,V1,0.2\n2,LOC,0.1\n"
SWEEP = "training_run,epoch,roi,rho\n2,2,V1,0.5\n2,2,LOC,0.5\n"
NAMES = ["1a", "1b", "2a", "2b", "3", "4", "regions", "region-effects", "heatmap-target-noise"]


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = write_study(tmp_path_factory.mktemp("figures"))
    for name, text in (("vit", VIT), ("effects", EFFECTS), ("regions", REGIONS), ("sweep_regions", SWEEP)):
        (folder / f"{name}.csv").write_text(text)
    return analyse(read_folder(folder))


@pytest.fixture(scope="module")
def drawings(found):
    return {drawing.name.removeprefix("figure-"): drawing for drawing in dynamics_drawings(found)}


@pytest.fixture(scope="module")
def figures(drawings):
    return {name: drawing.draw() for name, drawing in drawings.items()}


def panels(figure):
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


def test_every_figure_is_there(figures):
    assert list(figures) == NAMES


def test_only_what_there_are_numbers_for_is_drawn(tmp_path):
    (tmp_path / "baseline.csv").write_text(
        "epoch,train_loss,test_loss,behavioral_rsa_rho\n1,1,3,0.1\n2,1,2,nan\n3,1,2.5,0.5\n"
    )
    (only,) = dynamics_drawings(analyse(read_folder(tmp_path)))
    assert only.name == "figure-1a"
    assert len(only.svg()) > 1000


@pytest.mark.parametrize("name", NAMES)
def test_axes_have_names_and_the_words_say_how_many_and_why_no_interval(figures, drawings, name):
    figure = figures[name]
    rows = {round(axes.get_position().y0, 2) for axes in panels(figure) if axes.get_ylabel()}
    assert rows >= {round(axes.get_position().y0, 2) for axes in panels(figure)}
    assert panels(figure)[-1].get_xlabel()
    words = " ".join(figure.get_supxlabel().split())
    assert re.search(r"n = \d", words)
    assert words.endswith("no interval: one run per point, one seed: no test")
    assert words.lower() in drawings[name].caption.lower()
    assert drawings[name].kind == "dynamics"
    assert drawings[name].alt.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_looks_like_an_interval_is_drawn(figures, name):
    for axes in panels(figures[name]):
        assert not [c for c in axes.containers if type(c).__name__ == "ErrorbarContainer"]
        assert not {type(c).__name__ for c in axes.collections} & {
            "FillBetweenPolyCollection",
            "LineCollection",
        }


def test_the_points_of_1a_are_the_epochs(figures, found):
    line = panels(figures["1a"])[0].lines[0]
    assert line.get_xdata().tolist() == list(found.baseline["loss"].values())
    assert line.get_ydata().tolist() == list(found.baseline["rsa"].values())
    orange = panels(figures["1a"])[0].lines[2]
    assert len(orange.get_xdata()) == 5


def test_the_bars_of_3_are_the_effects(figures, found):
    loss, rsa = (axes.containers[0] for axes in panels(figures["3"]))
    assert [bar.get_height() for bar in loss] == [row["delta_loss"] for row in found.sweep["rows"]]
    assert [bar.get_height() for bar in rsa] == [row["delta_rsa"] for row in found.sweep["rows"]]


def test_a_run_that_is_not_back_is_an_open_bar_as_long_as_it_was_followed(figures):
    first, second = panels(figures["4"])[:2]
    assert [axes.get_title("left") for axes in (first, second)] == ["start 6", "start 9"]
    bars = [container[0] for axes in (first, second) for container in axes.containers]
    assert [bar.get_height() for bar in bars] == [2, 5, 10, 20]
    assert [bar.get_facecolor()[3] for bar in bars] == [1, 1, 1, 0]
    assert [text.get_text() for text in second.texts] == ["NR"]
    assert len({axes.get_ylim() for axes in panels(figures["4"])}) == 1  # what is compared has one scale


def test_two_regions_never_look_alike_though_they_are_of_two_sources(found):
    rows = [
        {"source": source, "region": f"{source}{i}", "n_epochs": 2, "rho": {"1": 0.1 * i, "2": 0.2}}
        for source in "ab"
        for i in range(9)
    ]
    drawn = panels(figure_regions(rows, found.baseline).draw())
    looks = {(line.get_color(), line.get_linestyle()) for axes in drawn[::2] for line in axes.lines[:9]}
    assert len(looks) == 18


def test_the_heatmap_holds_the_differences(figures):
    axes = panels(figures["heatmap-target-noise"])[1]
    table = axes.images[0].get_array()
    assert table.filled(-1).tolist()[1][0] == 50.0
    assert axes.images[0].get_clim() == (-50.0, 50.0)  # white is no change


def test_equal_numbers_give_equal_files(found, tmp_path):
    first, second = (write_dynamics_figures(found, tmp_path / name) for name in "ab")
    assert [path.name for path in first] == [f"figure-{name}.svg" for name in NAMES]
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]
    assert all(path.read_bytes().startswith(b"<svg") for path in first)


def test_formats_are_those_of_the_report(found, tmp_path):
    written = write_dynamics_figures(found, tmp_path, ("png", "pdf"))
    assert [path.name for path in written[:2]] == ["figure-1a.png", "figure-1a.pdf"]
    starts = {".png": b"\x89PNG", ".pdf": b"%PDF"}
    assert all(path.read_bytes().startswith(starts[path.suffix]) for path in written)
    with pytest.raises(InputError, match="not written as 'gif'"):
        write_dynamics_figures(found, tmp_path / "none", ("gif",))
    assert not (tmp_path / "none").exists()
