"""Figures of scores: every number in its place, the ceiling only where it belongs, nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
from made_up import MadeUp, contrasts, geometry, table

from repalign.data import Score, ScoreTable
from repalign.report.figures import (
    describe_ceiling,
    difference_drawing,
    pair_drawings,
    panels,
    profile_drawings,
    score_drawings,
)
from repalign.report.labels import LABEL, bar_labels
from repalign.report.style import BAND

RSA, ANGLE = "rsa-correlation-spearman", "procrustes-angular-distance"
SVG = "{http://www.w3.org/2000/svg}"


def row(model="m", value=0.5, **more):
    common = {"target": "d/it", "region": "IT", "measure": RSA, "n_stimuli": 92, "layer": "conv1"}
    return Score(**{**common, "model": model, "value": value, **more})


def aggregate(model="m", value=0.5, **more):
    ceiling = {"ceiling_lower": 0.7, "ceiling_upper": 0.8, "n_subjects": 3}
    return row(model, value, **{"ci_low": value - 0.1, "ci_high": value + 0.1, **ceiling, **more})


def people(model="m", values=(0.41, 0.52, 0.63), **more):
    return [row(model, v, subject=f"s{i}", **more) for i, v in enumerate(values)]


TABLE = ScoreTable([*people("a"), aggregate("a"), *people("b"), aggregate("b", 0.2718)])


def bars_of(drawing):
    """Model and value of each bar, from above."""
    (axes,) = drawing.draw().axes
    names = [t.get_text() for t in axes.get_yticklabels()] or [t.get_text() for t in axes.texts[:-1]]
    widths = [p.get_x() + p.get_width() for p in axes.patches if p.get_gid() and "Band" not in p.get_gid()]
    return list(zip(names, widths, strict=True))


def titles(drawing):
    """What hovering shows, by the element that shows it."""
    root = ElementTree.fromstring(drawing.svg())
    return [
        (parent.tag.removeprefix(SVG), e.text)
        for parent in root.iter()
        for e in parent.findall(f"{SVG}title")
    ]


def texts(drawing):
    root = ElementTree.fromstring(drawing.svg())
    return [e.text for e in root.iter(f"{SVG}text")]


def has_band(rows):
    return [BAND.lower() in drawing.svg() for drawing in score_drawings(ScoreTable(rows), [])]


def test_the_ceiling_is_drawn_only_where_it_belongs_to_every_bar():
    other = aggregate("b", ceiling_lower=0.6)
    assert has_band(TABLE) == [True]
    assert has_band([aggregate("a"), other]) == [False]
    assert has_band([row("a"), row("b")]) == [False]
    assert has_band([aggregate("a"), aggregate("b", target="d/v4"), other]) == [False, True]
    layers = [aggregate("a", layer=name, ceiling_lower=0.6 + i / 10) for i, name in enumerate(("x", "y"))]
    (profile,) = profile_drawings(ScoreTable(layers), [])
    assert BAND.lower() not in profile.svg()


@pytest.mark.parametrize(
    ("ceiling", "words"),
    [
        ((0.7, 0.8), "0.700 to 0.800"),
        ((0.7, None), "Dashed line: lower noise ceiling 0.700."),
        ((None, 0.8), "Dashed line: upper noise ceiling 0.800."),
        ((None, None), "No noise"),
    ],
)
def test_the_ceiling_is_said_in_words(ceiling, words):
    lower, upper = ceiling
    rows = ScoreTable([aggregate(ceiling_lower=lower, ceiling_upper=upper)])
    assert words in describe_ceiling(panels(rows)[0])
    assert words in score_drawings(rows, [])[0].caption
    differing = ScoreTable([aggregate("a"), aggregate("b", ceiling_lower=0.1)])
    assert "differ" in score_drawings(differing, [])[0].caption


@pytest.mark.parametrize(("measure", "order"), [(RSA, "cabd"), (ANGLE, "dbac")])
def test_the_closest_comes_first_whatever_the_order_of_the_rows(measure, order):
    values = {"a": 0.4, "b": 0.1, "c": 0.9, "d": -0.3, "absent": None}
    rows = [row(f"x/{m}", v, measure=measure) for m, v in values.items()]
    (drawing,) = score_drawings(ScoreTable(rows), [])
    (again,) = score_drawings(ScoreTable(rows[::-1]), [])
    assert bars_of(drawing) == [(f"x/{m}", pytest.approx(values[m])) for m in order]
    assert drawing.svg() == again.svg()
    assert "1 score could not be computed" in drawing.caption
    first, last = order[0], order[-1]
    said = drawing.alt.replace("\N{MINUS SIGN}", "-")
    assert f"Closest: x/{first} · conv1, {values[first]:.3f}." in said
    assert f"Least close: x/{last} · conv1, {values[last]:.3f}." in said
    assert ("less is closer" in " ".join(texts(drawing))) == (measure == ANGLE)
    assert ("(radians)" in " ".join(texts(drawing))) == (measure == ANGLE)


def test_hovering_shows_each_number_on_its_own_mark():
    (drawing,) = score_drawings(TABLE, [])
    shown = titles(drawing)
    assert ("path", "a · conv1: 0.500 [0.400, 0.600], 92 stimuli") in shown
    assert ("path", "b · conv1: 0.272 [0.172, 0.372], 92 stimuli") in shown
    dots = [text for tag, text in shown if tag == "use"]
    assert dots == [f"{m} · conv1, subject s{i}: 0.{v}0" for m in "ab" for i, v in enumerate((41, 52, 63))]
    assert len(shown) == 2 + 6 + 1  # and the band of the ceiling


def test_a_ceiling_of_which_only_the_upper_end_is_known_is_a_dashed_line_within_the_axes():
    rows = ScoreTable([row("a", 0.3, layer=x, ceiling_upper=0.9) for x in ("p", "q")])
    for drawing in (*score_drawings(rows, []), *profile_drawings(rows, [])):
        axes = drawing.draw().axes[0]
        (line,) = (each for each in axes.lines if each.get_color() == BAND)
        across = drawing.kind == "scores"
        assert set(line.get_xdata() if across else line.get_ydata()) == {0.9}
        assert line.get_linestyle() == "--"
        assert max(axes.get_xlim() if across else axes.get_ylim()) > 0.9
        assert "upper noise ceiling 0.900" in drawing.alt
        assert ("g", "Dashed line: upper noise ceiling 0.900.") in titles(drawing) or (
            "path",
            "Dashed line: upper noise ceiling 0.900.",
        ) in titles(drawing)


def test_of_two_recipes_of_one_model_one_bar_with_its_own_dots_is_drawn_and_not_the_better():
    twice = [
        [*people(values=(v,), spec_digest=d), aggregate(value=v, spec_digest=d)]
        for v, d in ((0.2, "p"), (0.6, "q"))
    ]
    (drawing,) = score_drawings(ScoreTable([r for rows in twice for r in rows]), [])
    (axes,) = drawing.draw().axes
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert [(d.get_xdata()[0], d.get_ydata()[0]) for d in dots] == [(0.2, 0)]
    assert all(len(d.get_xdata()) == 1 for d in dots)
    assert "1 score of a model and layer that are shown already" in drawing.caption


def test_everything_drawn_lies_within_the_axes():
    rows = [aggregate("a", -0.4), *people("a", (-0.9, 0.1)), aggregate("b", 0.3, ci_high=1.4)]
    for drawing in (*score_drawings(ScoreTable(rows), []),):
        (axes,) = drawing.draw().axes
        low, high = axes.get_xlim()
        assert low < -0.9
        assert high > 1.4


def test_bars_show_the_layer_of_the_views_and_else_the_last():
    made = MadeUp(models=3, layers=12, targets=1)
    rows = table(made)
    arrays, header = geometry(made)
    other = {
        **header,
        "rdms": [{**rdm, "layer": "block2"} if rdm["layer"] else rdm for rdm in header["rdms"]],
    }

    def shown(views):
        (drawing,) = score_drawings(rows, views)
        assert "not chosen by its score" in drawing.caption
        return {
            re.search(r"· (\w+):", text).group(1)
            for tag, text in titles(drawing)
            if tag == "path" and "·" in text
        }

    assert shown([(arrays, header)]) == {"fc"}
    assert shown([(arrays, other)]) == {"block2"}
    assert shown([]) == {"fc"}
    unnamed = ScoreTable(replace(r, layer=r.layer.replace("fc", "block12")) for r in rows)
    (drawing,) = score_drawings(unnamed, [])  # block12 comes after block2 and block9
    assert all("block12" in text for _, text in titles(drawing) if "·" in text)


def test_names_are_text_and_never_markup_or_formulas():
    names = [
        "<script>alert(1)</script>",
        "a\"b'c&d",
        "$x_1^$ $\\frac{",
        "]]>--><b>",
        "名前",
        "two\nlines\x00",
    ]
    rows = [r for name in names for r in (*people(name), aggregate(name))]
    (drawing,) = score_drawings(ScoreTable(rows), [])
    tags = {e.tag for e in ElementTree.fromstring(drawing.svg()).iter()}
    assert not {"script", "b", f"{SVG}script", f"{SVG}b"} & tags
    said = " ".join(text for _, text in titles(drawing))
    assert all(name in said for name in (*names[:-1], "two lines"))


def test_labels_are_short_and_different_for_different_models():
    long = [row(f"checkpoint/a-network-of-a-long-name-seed{s}(weights={s}1234567)") for s in (0, 1)]
    same_ends = [row("x/" + "a" * 40 + c + "b" * 40) for c in "pq"]
    assert bar_labels([row("builtin/random(seed=1)"), row("builtin/rgb", layer="fc")]) == [
        "builtin/random · conv1",
        "builtin/rgb · fc",
    ]
    for rows in ([row("builtin/random(seed=1)"), row("builtin/random(seed=2)")], long, same_ends):
        labels = bar_labels(rows)
        assert len(set(labels)) == 2
        assert all(len(label) <= LABEL for label in labels)


def test_profiles_keep_the_order_of_layers_in_one_scale():
    made = MadeUp(models=6, layers=12, targets=1)
    rows = table(made)
    (drawing,) = profile_drawings(rows, [geometry(made)])
    panels_drawn = drawing.draw().axes
    value = {(r.model, r.layer): r.value for r in rows if r.subject == "all"}
    wanted = [f"block{i}" for i in range(1, 12)] + ["fc"]
    for axes, model in zip(panels_drawn, sorted(made.names), strict=True):
        dots = next(line for line in axes.lines if line.get_marker() == "o")
        assert list(dots.get_ydata()) == [value[model, layer] for layer in wanted]
        assert axes.get_ylim() == panels_drawn[0].get_ylim()
    assert "in the network's order" in drawing.caption
    assert "natural order" in profile_drawings(rows, [])[0].caption
    reverse = dict.fromkeys(made.names, wanted[::-1])
    (turned,) = profile_drawings(rows, [({}, {**geometry(made)[1], "layers": reverse})])
    dots = next(line for line in turned.draw().axes[0].lines if line.get_marker() == "o")
    assert list(dots.get_ydata()) == [value[made.names[0], layer] for layer in wanted[::-1]]


def test_profiles_are_drawn_only_where_a_model_has_two_layers():
    assert profile_drawings(table(MadeUp(layers=1)), []) == []
    mixed = [
        *table(MadeUp(models=1, layers=3, targets=1)),
        *table(MadeUp(models=("timm/other",), layers=1, targets=1)),
    ]
    (drawing,) = profile_drawings(ScoreTable(mixed), [])
    assert len(drawing.draw().axes) == 1
    assert "1 model of one layer only is left out" in drawing.caption


def test_layers_chosen_on_other_stimuli_and_subsets_have_figures_of_their_own():
    reason = "layer chosen out of 2 on 46 other stimuli"
    chosen = {"n_stimuli": 46, "reason": reason, "spec_digest": "s2"}
    rows = [aggregate("a", 0.4, layer="l1"), aggregate("a", 0.3, layer="l2")]
    rows += [
        aggregate("a", 0.7, layer="l1", **chosen),
        *people("a", layer="l1", n_stimuli=46, spec_digest="s2"),
    ]
    rows += [aggregate("a", 0.9, layer="l1", n_stimuli=12), aggregate("a", 0.8, layer="l2", n_stimuli=12)]
    by_title = {d.title: d for d in score_drawings(ScoreTable(rows), [])}
    base = f"d/it (IT), {RSA}"
    assert set(by_title) == {
        f"{base}, 92 stimuli",
        f"{base}, layer chosen on other stimuli",
        f"{base}, 12 stimuli",
    }
    other = by_title[f"{base}, layer chosen on other stimuli"]
    assert [value for _, value in bars_of(other)] == [pytest.approx(0.7)]
    assert "chosen by its scores on other stimuli" in other.caption
    assert "Dots: single subjects." in other.caption
    assert len({d.name for d in by_title.values()}) == 3
    usual = by_title[f"{base}, 92 stimuli"]
    assert [value for _, value in bars_of(usual)] == [pytest.approx(0.3)]
    for drawing in by_title.values():
        assert ("not chosen by its score" in drawing.caption) == (drawing is not other)
    assert usual.alt.count("92 stimuli") == 1
    profiles = profile_drawings(ScoreTable(rows), [])
    assert [d.title for d in profiles] == [f"{base}, 92 stimuli", f"{base}, 12 stimuli"]
    dots = next(line for line in profiles[0].draw().axes[0].lines if line.get_marker() == "o")
    assert list(dots.get_ydata()) == [0.4, 0.3]  # and not 0.7, which is of other stimuli


def pair(a, b, value=0.5, **more):
    return row(f"builtin/{a}", value, target=f"builtin/{b}", region=None, layer=None, **more)


def test_pairs_on_different_stimuli_do_not_share_a_figure():
    told = [
        pair("a", "b", 0.5, reason="on the stimuli of d/it; x"),
        pair("a", "b", 0.9, reason="on the stimuli of e/all"),
    ]
    drawings = pair_drawings(ScoreTable(told), [])
    assert [d.title.partition(",")[0] for d in drawings] == [
        "models with one another on the stimuli of d/it",
        "models with one another on the stimuli of e/all",
    ]
    assert [d.name for d in drawings] == [f"pairs-{name}-{RSA}" for name in ("d-it", "e-all")]
    older = [pair("a", "b", 0.5, n_stimuli=14), pair("a", "b", 0.9)]
    assert [d.title.rpartition(", ")[2] for d in pair_drawings(ScoreTable(older), [])] == [
        "14 stimuli",
        "92 stimuli",
    ]


def test_own_images_that_are_called_like_a_source_of_models_are_a_target():
    own = {"target": "custom/x", "region": None}
    rows = ScoreTable([*people("builtin/a", **own), aggregate("builtin/a", **own)])
    assert pair_drawings(rows, []) == []
    assert [d.title for d in score_drawings(rows, [])] == [f"custom/x, {RSA}"]
    # A model of a file's name meets another: only the words of the row say so.
    met = ScoreTable([row("x", target="y", reason="on the stimuli of d/it", n_subjects=3)])
    assert score_drawings(met, []) == []
    assert len(pair_drawings(met, [])) == 1


def test_a_measure_of_one_direction_fills_one_cell_and_draws_arrows():
    ridge = "encoding-ridge-lambda1-5fold-pearson-median"
    names = "abcdefg"
    rows = [
        pair(a, b, 0.1 * i + 0.01 * j, measure=ridge)
        for i, a in enumerate(names)
        for j, b in enumerate(names)
        if i < j
    ]
    (matrix,) = pair_drawings(ScoreTable(rows), [])
    values = matrix.draw().axes[0].images[0].get_array().filled(np.nan)
    assert np.isnan(values[np.tril_indices(7)]).all()
    np.testing.assert_allclose(values[np.triu_indices(7, 1)], [r.value for r in rows])
    assert "Models of rows are scored on models of columns" in matrix.caption
    (few,) = pair_drawings(
        ScoreTable([pair("a", "b", measure=ridge), pair("b", "a", 0.2, measure=ridge)]), []
    )
    assert [name for name, _ in bars_of(few)] == ["a → b", "b → a"]
    assert "Closest: builtin/a → builtin/b" in few.alt
    # A symmetric measure has one number for both ways.
    (same,) = pair_drawings(ScoreTable([pair("a", "b"), pair("b", "a")]), [])
    assert len(bars_of(same)) == 1


def test_scores_that_are_all_zero_have_an_axis():
    (drawing,) = score_drawings(ScoreTable([row("a", 0.0), row("b", 0.0)]), [])
    assert drawing.draw().axes[0].get_xlim() == (0.0, 0.5)


def test_characters_that_no_xml_may_hold_are_left_out():
    rows = ScoreTable(
        [aggregate("x/m\x0b\uffff", target="d\x01/it\x1b"), aggregate("x/n", target="d\x01/it\x1b")]
    )
    (drawing,) = score_drawings(rows, [])
    for said in (drawing.title, drawing.alt, drawing.caption, drawing.svg()):
        assert not re.search(r"[\x00-\x08\x0b-\x1f\ud800-\udfff]", said)
        assert said.encode()
    assert ElementTree.fromstring(drawing.svg()).get("aria-label") == drawing.alt


def test_pairs_are_bars_and_beyond_fifteen_a_symmetric_matrix():
    (bars,) = pair_drawings(table(MadeUp(models=6, pairs=True)), [])
    (matrix,) = pair_drawings(table(MadeUp(models=7, pairs=True)), [])
    assert len([tag for tag, _ in titles(bars)]) == 15
    values = matrix.draw().axes[0].images[0].get_array()
    assert values.shape == (7, 7)
    np.testing.assert_array_equal(values.filled(9), values.filled(9).T)
    scored = {
        (r.model, r.target): r.value
        for r in table(MadeUp(models=7, pairs=True))
        if r.target.startswith("timm")
    }
    assert values[0, 1] == scored["timm/network00.made", "timm/network01.made"]
    assert sum(tag == "use" for tag, _ in titles(matrix)) == 42
    assert pair_drawings(table(MadeUp()), []) == []
    assert len(score_drawings(table(MadeUp(pairs=True)), [])) == 2  # pairs are not among them


def test_differences_are_filled_where_the_adjusted_p_is_small():
    view = contrasts(MadeUp(models=5), "made/region-1")
    drawing = difference_drawing(view)
    (axes,) = drawing.draw().axes
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    rows = sorted(view[1]["rows"], key=lambda r: -r["value"])
    assert [d.get_xdata()[0] for d in dots] == [r["value"] for r in rows]
    filled = [d.get_markerfacecolor() != "white" for d in dots]
    assert filled == [r["p_adjusted"] < 0.05 for r in rows]
    assert 0 < sum(filled) < len(rows)
    assert "holm, 10 tests" in drawing.caption
    assert f"{sum(filled)} with adjusted p < .05" in drawing.alt
    assert difference_drawing(({}, {**view[1], "rows": []})) is None


def test_many_differences_are_an_antisymmetric_matrix_with_dots():
    assert len(difference_drawing(contrasts(MadeUp(models=7), "made/a-1")).draw().axes) == 1
    view = contrasts(MadeUp(models=8), "made/a-1")
    axes = difference_drawing(view).draw().axes[0]
    values = axes.images[0].get_array().filled(0)
    np.testing.assert_array_equal(values, -values.T)
    first = view[1]["rows"][0]
    assert values[0, 1] == first["value"]  # the model of the row less that of the column
    assert axes.images[0].norm.vmin == -axes.images[0].norm.vmax
    significant = sum(r["p_adjusted"] < 0.05 for r in view[1]["rows"])
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert sum(len(d.get_xdata()) for d in dots) == 2 * significant > 0


def test_rows_of_labels_do_not_touch_one_another():
    rows = [aggregate("source/" + "long-name-" * 8 + str(i), 0.1 * i - 0.3) for i in range(6)]
    figure = score_drawings(ScoreTable(rows), [])[0].draw()
    figure.canvas.draw()
    boxes = [t.get_window_extent() for t in figure.axes[0].texts[:-1]]
    assert len(boxes) == 6
    assert all(upper.y0 > lower.y1 for upper, lower in pairwise(boxes))
    assert all(box.x0 >= 0 and box.x1 <= figure.bbox.x1 for box in boxes)
