"""The figures and the page of a training study: what is drawn are the numbers, and nothing is invented."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from folders import Page, tables
from test_report_browser import CHROMIUM, WIDTHS, open_all, opened

from repalign.errors import InputError, StorageError
from repalign.report.training_figures import training_drawings, write_training_figures
from repalign.report.training_page import render_training, write_training_page
from repalign.training.study_dynamics import study_dynamics

sys.path.insert(0, str(Path(__file__).parent.parent / "training"))
from made_up_study import CEILINGS, DIMENSIONS, write_study

MOST = 2_000_000


def study(folder, seeds=(0, 1, 2), **more):
    results = write_study(folder, seeds=seeds, **more)
    unit = sorted(results.recipes())[0]
    results.failures_dir.mkdir()
    failure = {"kind": "unit", "message": "the loss was <NaN>", "hint": "Take a lower rate."}
    (results.failures_dir / f"{unit}.json").write_text(json.dumps(failure))
    return study_dynamics(results).as_dict(), results


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return study(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    return study(tmp_path_factory.mktemp("alone"), seeds=(0,))


@pytest.fixture(scope="module")
def drawings(whole):
    return {drawing.name.removeprefix("figure-"): drawing for drawing in training_drawings(whole[0])}


@pytest.fixture(scope="module")
def figures(drawings):
    return {name: drawing.draw() for name, drawing in drawings.items()}


@pytest.fixture(scope="module")
def page(whole):
    return render_training(*whole)


NAMES = [
    *("1a", "1a-courses", "2a", "3-loss", "3-alignment", "4-loss-target-noise", "4-alignment-target-noise"),
    *("heatmap-target-noise", "courses", "layers-made-up-behaviour", "layers-made-up-within-behaviour"),
    *("regions", "dimensions"),
]


def panels(figure):
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


def marks(axes):
    """Points that stand for numbers, as (x, y, filled)."""
    lines = [line for line in axes.lines if line.get_linestyle() == "None"]
    return [
        (x, y, line.get_markerfacecolor() != "white")
        for line in lines
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]


def uprights(axes):
    """Vertical intervals as (x, low, high)."""
    found = [c for c in axes.collections if type(c).__name__ == "LineCollection"]
    return [(s[0][0], s[0][1], s[1][1]) for c in found for s in c.get_segments()]


def bands(axes):
    """Bands between two courses as (x, low, high)."""
    found = [c for c in axes.collections if type(c).__name__ == "FillBetweenPolyCollection"]
    corners = [c.get_paths()[0].vertices for c in found]
    xs = [sorted(set(v[:, 0])) for v in corners]
    ends = [
        [(x, v[v[:, 0] == x, 1].min(), v[v[:, 0] == x, 1].max()) for x in at]
        for v, at in zip(corners, xs, strict=True)
    ]
    return [end for each in ends for end in each]


def spans(axes):
    """Horizontal bands across a panel: noise ceilings, jitter."""
    boxes = [
        p
        for p in axes.patches
        if p.get_width() == 1 and p.get_x() == 0 and p.get_transform() != axes.transData
    ]
    return [(b.get_y(), b.get_y() + b.get_height()) for b in boxes]


def cells_of(dynamics, figure, **where):
    return [
        c for c in dynamics["cells"] if c["figure"] == figure and all(c[k] == v for k, v in where.items())
    ]


def test_every_figure_is_there_and_says_what_its_intervals_generalise_to(drawings):
    assert list(drawings) == NAMES
    for name, drawing in drawings.items():
        assert drawing.kind == "dynamics"
        assert drawing.alt.endswith(".")
        assert drawing.caption.endswith(".")
        assert ("95 % over 3 baseline seeds" in drawing.caption) != ("no interval" in drawing.caption), name


@pytest.mark.parametrize("name", NAMES)
def test_every_axis_has_a_name(figures, name):
    drawn = panels(figures[name])
    boxes = [axes.get_subplotspec() for axes in drawn]
    rows = {box.rowspan.start for box in boxes}
    columns = {box.colspan.start for box in boxes}
    assert {b.rowspan.start for a, b in zip(drawn, boxes, strict=True) if a.get_ylabel()} == rows
    assert {b.colspan.start for a, b in zip(drawn, boxes, strict=True) if a.get_xlabel()} == columns


@pytest.mark.parametrize("name", NAMES)
def test_figures_are_narrow_enough_for_a_telephone_and_their_text_large_enough(figures, name):
    figure = figures[name]
    assert figure.get_figwidth() <= 4.5
    texts = [t for t in figure.findobj(mpl.text.Text) if t.get_text() and t.get_visible()]
    assert min(t.get_fontsize() for t in texts) >= 6.5


@pytest.mark.parametrize("what", ["loss", "rsa"])
def test_every_cell_of_the_sweep_is_drawn_with_its_interval_and_filled_where_it_is_sure(figures, whole, what):
    dynamics, _ = whole
    drawn = panels(figures["3-loss" if what == "loss" else "3-alignment"])
    kinds = ["target_noise", "label_shuffle", "image_noise", "blank_image"]
    assert [axes.get_title("left") for axes in drawn] == [kind.replace("_", " ") for kind in kinds]
    filled = []
    for axes, kind in zip(drawn, kinds, strict=True):
        cells = cells_of(dynamics, "sweep", kind=kind)
        sure = [c[f"{what}_p_holm"] < 0.05 for c in cells]
        expected = [(c["start"], c[f"delta_{what}"], s) for c, s in zip(cells, sure, strict=True)]
        assert sorted(marks(axes)) == sorted(expected)
        expected = [(c["start"], c[f"{what}_low"], c[f"{what}_high"]) for c in cells]
        assert sorted(uprights(axes)) == sorted(expected)
        filled += sure
        jitter = dynamics["jitter"][f"{what}_sd"]
        assert spans(axes) == [pytest.approx((-jitter, jitter))]
    assert 0 < sum(filled) < len(filled)  # both are seen
    assert len({axes.get_ylim() for axes in drawn}) == 1


def test_every_kind_and_epoch_of_2a_is_drawn_with_its_interval(figures, whole):
    cells = cells_of(whole[0], "types")
    for axes, what in zip(panels(figures["2a"]), ("loss", "rsa"), strict=True):
        drawn = sorted((y, filled) for _, y, filled in marks(axes))
        assert drawn == sorted((c[f"delta_{what}"], c[f"{what}_p_holm"] < 0.05) for c in cells)
        ends = sorted((low, high) for _, low, high in uprights(axes))
        assert ends == sorted((c[f"{what}_low"], c[f"{what}_high"]) for c in cells)
        epochs = [int(text.get_text()) for text in axes.get_xticklabels()]
        at = {y: epochs[round(x)] for x, y, _ in marks(axes)}
        assert at == {c[f"delta_{what}"]: c["start"] for c in cells}
        assert len({x for x, _, _ in marks(axes)}) == len(cells)  # none hides another


def test_the_baseline_is_the_mean_with_its_band_and_a_line_per_seed(figures, whole):
    dynamics, _ = whole
    rows = dynamics["baseline"]
    for axes, what in zip(panels(figures["1a-courses"]), ("rsa", "loss"), strict=True):
        expected = [(r["epoch"], r[f"{what}_low"], r[f"{what}_high"]) for r in rows]
        assert np.allclose(bands(axes), expected)
        thin = [line for line in axes.lines if line.get_linewidth() < 1]
        singles = [s["dynamics"]["baseline"][what] for s in dynamics["seeds"]]
        assert [list(line.get_ydata()) for line in thin] == [list(each.values()) for each in singles]
    (axes,) = panels(figures["1a"])
    path = max(axes.lines, key=lambda line: line.get_linewidth())
    assert list(path.get_xdata()) == [r["loss_mean"] for r in rows]
    assert list(path.get_ydata()) == [r["rsa_mean"] for r in rows]
    assert axes.xaxis_inverted()


def test_ceilings_are_drawn_where_there_are_some(figures, whole):
    named = {c["target"]: (c["ceiling_lower"], c["ceiling_upper"]) for c in whole[0]["courses"]}
    assert {k: v for k, v in named.items() if v[0]} == CEILINGS
    assert spans(panels(figures["1a-courses"])[0]) == [pytest.approx(CEILINGS["made/up"])]
    for axes in panels(figures["courses"]):
        target = axes.get_title("left").partition(",")[0]
        assert spans(axes) == [pytest.approx(CEILINGS[target])]
        assert "noise ceiling" in [text.get_text() for text in axes.texts]
    behaviour, brain = panels(figures["regions"])
    assert (len(spans(behaviour)), len(spans(brain))) == (1, 0)


@pytest.mark.parametrize("name", ["courses", "layers-made-up-behaviour", "regions"])
def test_courses_have_their_bands_over_seeds_and_their_intervals_over_stimuli(figures, whole, name):
    about = whole[0]["about"]
    keep = {
        "courses": lambda c: c["region"] == "behaviour" and c["layer"] == "output",
        "layers-made-up-behaviour": lambda c: (
            (c["target"], c["measure"]) == (about["target"], about["measure"])
        ),
        "regions": lambda c: (
            c["layer"] == "output"
            and c["measure"] == about["measure"]
            and c["target"] in (about["target"], "made/brain")
        ),
    }[name]
    courses = [c for c in whole[0]["courses"] if keep(c)]
    drawn = panels(figures[name])
    assert len(drawn) == len(courses) > 1
    for axes, course in zip(drawn, courses, strict=True):
        (mean,) = [line for line in axes.lines if line.get_linewidth() > 1]
        assert list(mean.get_ydata()) == course["mean"]
        assert np.allclose(
            bands(axes), list(zip(course["epochs"], course["low"], course["high"], strict=True))
        )
        tested = [(t["ci_low"], t["ci_high"]) for t in course["tested"]]
        assert [(low, high) for _, low, high in uprights(axes)] == tested
    assert len({axes.get_ylim() for axes in drawn}) == 1


@pytest.mark.parametrize("what", ["loss", "alignment"])
def test_recovery_is_drawn_run_by_run_and_open_where_it_was_not_seen(figures, whole, what):
    rows = whole[0]["recovery"]
    seen = []
    for axes, start in zip(panels(figures[f"4-{what}-target-noise"]), (2, 5), strict=True):
        mine = [row for row in rows if row["start"] == start]
        assert axes.get_title("left") == f"start {start}"
        dots = [(round(x), y) for x, y, _ in marks(axes)]
        runs = [(i, run) for i, row in enumerate(mine) for run in row[what]]
        expected = [(i, run["followed"] if run["epochs"] is None else run["epochs"]) for i, run in runs]
        assert sorted(dots) == sorted(expected)
        for row, bar in zip(mine, (c[0] for c in axes.containers), strict=True):
            median = row["median" if what == "loss" else "alignment_median"]
            back = median is not None
            seen.append(back)
            assert bar.get_facecolor()[3] == back
            longest = max(run["followed"] for run in row[what])
            assert bar.get_height() == (median if back else longest)
    assert set(seen) == ({True, False} if what == "loss" else {True})


def test_the_heatmap_holds_the_means_and_frames_what_leaves_out_no_change(figures, whole):
    rows = whole[0]["extremes"]
    columns = ("delta_max_rsa", "rsa"), ("delta_min_loss", "loss")
    for axes, (value, name) in zip(panels(figures["heatmap-target-noise"]), columns, strict=True):
        held = sorted(axes.images[0].get_array().filled(-99).ravel().tolist())
        assert held == sorted(row[value] for row in rows)
        low, high = axes.images[0].get_clim()
        assert low == -high  # white is no change
        apart = sum(row[f"{name}_low"] > 0 or row[f"{name}_high"] < 0 for row in rows)
        assert len(axes.patches) == apart


def test_dimensions_stand_in_the_order_in_which_they_are_learned(figures, whole):
    (axes,) = panels(figures["dimensions"])
    assert [text.get_text() for text in axes.get_yticklabels()] == list(DIMENSIONS)
    held = axes.images[0].get_array()
    assert held.tolist() == [row["r2"] for row in whole[0]["dimensions"]]
    halves = [row["half"] for row in whole[0]["dimensions"]]
    assert [(x, y) for x, y, _ in marks(axes)] == [(h, i) for i, h in enumerate(halves) if h is not None]
    assert halves[2] is None


def test_one_seed_has_no_interval_anywhere_and_every_figure_says_so(alone):
    found = training_drawings(alone[0])
    assert [drawing.name.removeprefix("figure-") for drawing in found] == NAMES
    for drawing in found:
        assert "one seed: no test" in drawing.caption
        assert "over seeds" not in drawing.caption
        for axes in panels(drawing.draw()):
            assert not bands(axes)
            # What remains is over stimuli, and the caption says so.
            assert not uprights(axes) or "95 % over stimuli" in drawing.caption
            hollow = [mark for mark in marks(axes) if not mark[2]]
            assert not hollow or drawing.name == "figure-dimensions"  # whose marks are white
    text = Page(render_training(*alone)).text
    assert "One seed: no test, no interval." in text
    assert "Student" not in text


def test_what_there_are_no_numbers_for_is_left_out(whole):
    dynamics, results = whole
    bare = {**dynamics, "cells": [], "recovery": [], "extremes": [], "dimensions": [], "courses": []}
    assert [drawing.name for drawing in training_drawings(bare)] == ["figure-1a", "figure-1a-courses"]
    text = render_training(bare, results)
    assert not {"effects", "recovery", "courses"} & set(Page(text).ids)
    blind = [{**row, "rsa_mean": None, "rsa_low": None, "rsa_high": None} for row in dynamics["baseline"]]
    names = [drawing.name for drawing in training_drawings({**bare, "baseline": blind})]
    assert names == ["figure-1a-courses"]
    unseen = [{**c, "delta_rsa": None, "rsa_low": None, "rsa_high": None} for c in dynamics["cells"]]
    names = [drawing.name for drawing in training_drawings({**bare, "cells": unseen})]
    assert "figure-3-loss" in names
    assert "figure-3-alignment" not in names


def test_a_study_without_alignment_has_figures_of_its_loss_alone(tmp_path):
    own = ("train", "validation")
    dynamics, results = study(tmp_path, change=lambda row: row if row.target in own else None)
    names = [drawing.name.removeprefix("figure-") for drawing in training_drawings(dynamics)]
    left = ["1a-courses", "2a", "3-loss", "4-loss-target-noise", "heatmap-target-noise", "dimensions"]
    assert names == left
    text = Page(render_training(dynamics, results)).text
    assert "No noise ceiling: no alignment was measured." in text
    assert "Recovery of alignment" not in text


def test_where_all_runs_of_but_one_seed_are_missing_nothing_is_said_of_tests(tmp_path):
    dynamics, _ = study(tmp_path, seeds=(0, 1), leave_out=lambda spec: spec.perturbation and spec.seed)
    found = {drawing.name: drawing for drawing in training_drawings(dynamics)}
    assert "95 % over 2 baseline seeds" in found["figure-1a-courses"].caption
    for name in ("figure-2a", "figure-3-loss"):
        assert "one seed: no test" in found[name].caption
        assert "illed" not in found[name].caption
        assert not any(uprights(axes) for axes in panels(found[name].draw()))


def test_figures_are_written_in_every_format_and_the_same_each_time(whole, drawings, tmp_path):
    chosen = {**whole[0], "recovery": [], "courses": [], "cells": []}
    written = write_training_figures(chosen, tmp_path / "a")
    assert [path.name for path in written[:3]] == ["figure-1a.png", "figure-1a.svg", "figure-1a.pdf"]
    with mpl.rc_context({"axes.facecolor": "black", "font.size": 30, "svg.fonttype": "path"}):
        again = write_training_figures(chosen, tmp_path / "b")
    assert [p.read_bytes() for p in written] == [p.read_bytes() for p in again]
    with pytest.raises(InputError, match="not written as 'gif'"):
        write_training_figures(chosen, tmp_path, ("gif",))


def test_the_page_is_whole_small_and_the_same_each_time(whole, page, tmp_path):
    with mpl.rc_context({"axes.facecolor": "black", "font.size": 30, "svg.fonttype": "path"}):
        written = write_training_page(*whole, tmp_path / "page.html")
    assert written.read_text("utf-8") == page
    assert len(page.encode()) < MOST
    found = Page(page)
    assert all(link.startswith(("data:", "#")) for link in found.links)
    assert not {"link", "iframe", "object", "embed", "base", "form", "img"} & set(found.tags)
    assert page.count('<div class="drawn">') == len(NAMES)
    assert len(found.ids) == len(set(found.ids))
    assert found.levels[0] == 1
    assert found.levels.count(1) == 1
    with pytest.raises(StorageError, match="is a folder"):
        write_training_page(*whole, tmp_path)


def test_the_page_says_the_numbers_and_what_failed_and_how_to_make_it_again(whole, page):
    dynamics, results = whole
    text = Page(page).text
    best = max(dynamics["baseline"], key=lambda row: row["rsa_mean"])
    low, high = f"{best['rsa_low']:.3f}", f"{best['rsa_high']:.3f}"
    assert f"highest at epoch {best['epoch']}, {best['rsa_mean']:.3f} [{low}, {high}]" in text
    sure = sum(c["rsa_p_holm"] < 0.05 for c in cells_of(dynamics, "sweep"))
    assert f"RSA in {sure} of {len(cells_of(dynamics, 'sweep'))} cells" in text
    assert "generalise to further seeds of this training, not to other stimuli" in text
    assert "The noise ceiling is 0.800 to 0.860." in text
    assert "the loss was <NaN>" in text
    assert "Next step: Take a lower rate." in text
    assert "repalign run STUDY.toml" in text
    assert all(unit[:16] in text for unit in results.recipes())
    assert "A made-up study" in text


def test_every_cell_stands_in_a_table(whole, page):
    dynamics, _ = whole
    found = [table for table in tables(page) if "corrected p" in table[0]]
    for figure in ("types", "sweep", "lengths"):
        for what in ("loss", "rsa"):
            expected = {
                (c["kind"].replace("_", " "), str(c["start"]), f"{c[f'delta_{what}']:.3f}".replace("-", "−"))
                for c in cells_of(dynamics, figure)
            }
            held = [{(row[0], row[1], row[3]) for row in table[1:]} for table in found]
            assert expected in held


def test_the_files_in_the_page_are_the_numbers_exactly(whole, page):
    files = Page(page).downloads
    assert list(files) == ["dynamics.json", "cells.csv"]
    content = {name: base64.b64decode(uri.partition(",")[2]).decode() for name, uri in files.items()}
    assert json.loads(content["dynamics.json"]) == json.loads(json.dumps(whole[0]))
    lines = content["cells.csv"].splitlines()
    assert len(lines) == len(whole[0]["cells"]) + 1
    assert lines[0].startswith('"figure","kind","start","length"')


def test_what_would_make_the_page_too_large_is_left_out_and_that_is_said(whole, page, monkeypatch):
    assert "leaves out the analyses" not in page
    monkeypatch.setattr("repalign.report.training_page.MOST", 1000)
    monkeypatch.setattr("repalign.report.training_tables.MOST", 3)
    monkeypatch.setattr("repalign.report.training_tables.MOST_RUNS", 5)
    small = render_training(*whole)
    (content,) = [uri for name, uri in Page(small).downloads.items() if name == "dynamics.json"]
    held = json.loads(base64.b64decode(content.partition(",")[2]))
    assert held == json.loads(json.dumps({k: v for k, v in whole[0].items() if k != "seeds"}))
    text = Page(small).text
    assert "dynamics.json leaves out the analyses of single seeds" in text
    assert f"the first 5 of {len(whole[1].recipes())} rows are listed, spec.json holds all" in text


def test_names_are_text_and_never_markup(whole):
    name = "<script>alert(1)</script>{{ 7*7123 }}$x_1^$"
    dynamics, results = whole
    told = {**dynamics, "messages": [name], "cells": [{**c, "kind": name} for c in dynamics["cells"]]}
    text = render_training(told, results, name)
    assert Page(text).tags.count("script") == 1
    assert "50743861" not in Page(text).text
    assert "49861" not in Page(text).text
    assert Page(text).text.count(name.replace("_", " ")) > 10


@pytest.fixture(scope="module")
def written(tmp_path_factory, whole):
    return write_training_page(*whole, tmp_path_factory.mktemp("page") / "dynamics.html")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium")
def test_the_page_needs_no_sideways_scrolling_and_can_be_read(written, width):
    with opened(written, width) as (page, complaints):
        open_all(page)
        needed = page.evaluate("document.documentElement.scrollWidth")
        drawn = page.evaluate(
            "[...document.querySelectorAll('.drawn text')].map(e => e.getBoundingClientRect())"
            ".map(b => Math.max(b.height, b.width))"
        )
        outside = page.evaluate(
            "[...document.querySelectorAll('.drawn > svg')].flatMap(s => [...s.querySelectorAll('text')]"
            ".filter(t => { const a = t.getBoundingClientRect(), b = s.getBoundingClientRect();"
            " return a.left < b.left - 1 || a.right > b.right + 1"
            " || a.top < b.top - 1 || a.bottom > b.bottom + 1 }).map(t => t.textContent))"
        )
    assert complaints == []
    assert needed <= width
    assert min(drawn) >= 7
    assert outside == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Chromium")
def test_nothing_keeps_people_with_disabilities_out(written, width):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    with opened(written, width) as (page, _):
        open_all(page)
        found = axe.Axe().run(page).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []
