"""RDMs as pictures in one scale, and the map with labels that do not overlap."""

from __future__ import annotations

import io
from itertools import combinations

import numpy as np
import pytest
from made_up import MadeUp, geometry
from matplotlib.text import Text
from PIL import Image

from repalign.data import ResultsDir
from repalign.errors import ShapeError
from repalign.report.figures import DIAGONAL, PALETTE, map_drawing, rank_image, rank_png, rdm_drawing
from repalign.seeds import rng

LONG = tuple(
    f"timm/vit_base_patch{p}_clip_224.{d}_ft_in12k" for p in (8, 14, 16, 32) for d in ("laion2b", "openai")
)


def ranks_of(n):
    pairs = n * (n - 1) // 2
    return rng(0, "ranks").permutation(pairs) / (pairs - 1)


def test_a_picture_of_ranks_is_symmetric_and_in_order():
    n = 30
    ranks = ranks_of(n)
    square = rank_image(ranks, n)
    assert square.dtype == np.uint8
    np.testing.assert_array_equal(square, square.T)
    assert (np.diag(square) == DIAGONAL).all()
    upper = square[np.triu_indices(n, 1)].astype(int)  # row-major, as the ranks are
    assert upper.max() == DIAGONAL - 1
    assert upper.min() == 0
    assert (np.diff(upper[np.argsort(ranks)]) >= 0).all()
    np.testing.assert_allclose(upper / (DIAGONAL - 1), ranks, atol=0.5 / (DIAGONAL - 1) + 1e-12)


@pytest.mark.parametrize("n", [2, 3, 40, 130])
def test_the_png_holds_one_pixel_per_cell_in_the_colours_of_the_palette(n):
    ranks = np.array([0.5]) if n == 2 else ranks_of(n)
    content = rank_png(ranks, n)
    assert content == rank_png(ranks.copy(), n)
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (n, n)
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    wanted = PALETTE[rank_image(ranks, n)].astype(int)
    assert np.abs(pixels - wanted).max() <= (0 if n <= 100 else 12)
    assert (pixels[np.arange(n), np.arange(n)] == 255).all()


def test_pictures_of_200_stimuli_stay_small():
    assert len(rank_png(ranks_of(92), 92)) < 9_500
    assert len(rank_png(ranks_of(200), 200)) < 33_000


def test_the_palette_is_cividis_from_dark_to_light():
    import matplotlib as mpl

    wanted = mpl.colormaps["cividis"](np.linspace(0, 1, DIAGONAL))[:, :3] * 255
    assert PALETTE.shape == (256, 3)
    np.testing.assert_allclose(PALETTE[:DIAGONAL], wanted, atol=3)
    luminance = PALETTE[:DIAGONAL] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > -0.6).all()  # rounding may step back by less than one level
    assert (PALETTE[DIAGONAL] == 255).all()


@pytest.mark.parametrize("shape", [(9,), (11,), (2, 5)])
def test_ranks_of_another_number_of_stimuli_are_refused(shape):
    with pytest.raises(ShapeError, match=r"5 stimuli have 10 pairs"):
        rank_image(np.zeros(shape), 5)


def test_the_composite_shows_every_rdm_in_one_scale_with_its_stimuli(tmp_path):
    made = MadeUp(models=3, targets=2, stimuli=36)
    results = ResultsDir(tmp_path)
    view = geometry(made, results)
    drawing = rdm_drawing(view, results)
    figure = drawing.draw()
    pictures = [axes.images[0].get_array() for axes in figure.axes if axes.images]
    heatmaps = [p for p in pictures if p.shape[:2] == (36, 36)]
    assert len(heatmaps) == 5
    for heatmap, ranks in zip(heatmaps, view[0]["ranks"], strict=True):
        np.testing.assert_array_equal(heatmap, PALETTE[rank_image(ranks, 36)])
    assert sum(p.shape[:2] == (64, 64) for p in pictures) == 2 * 12  # thumbnails, left and above
    labels = " ".join(axes.get_xlabel() for axes in figure.axes)
    assert labels.strip() == "rank of dissimilarity: 0 most alike, 1 least alike; 36 stimuli"
    key = [text.get_text() for text in figure.texts]
    assert set(view[1]["groups"]) <= set(key)
    assert "36 stimuli" in drawing.caption
    assert "human face (6)" in drawing.caption


def test_a_composite_needs_neither_thumbnails_nor_groups(tmp_path):
    made = MadeUp(models=1, targets=1, thumbs=False, groups=False)
    gone = MadeUp(models=1, targets=1, stimuli=4)
    for view in (geometry(made), geometry(gone, ResultsDir(tmp_path / "elsewhere"))):
        figure = rdm_drawing(view, ResultsDir(tmp_path)).draw()
        assert len([axes for axes in figure.axes if axes.images]) == 3  # two RDMs, the scale of colours


def test_many_groups_are_named_in_the_caption_only(tmp_path):
    arrays, header = geometry(MadeUp(models=1, targets=1, stimuli=24))
    many = {**header, "groups": [f"kind {i // 2}" for i in range(24)]}
    drawing = rdm_drawing((arrays, many), ResultsDir(tmp_path))
    assert drawing.draw().texts == []
    assert "kind 0 (2), kind 1 (2)" in drawing.caption


def extents(figure):
    figure.canvas.draw()
    axes = figure.axes[0]
    texts = [text for text in axes.texts if "stimuli" not in text.get_text()]
    labels = [Text.get_window_extent(text) for text in texts]  # without the lines that lead to them
    points = axes.transData.transform(np.vstack([np.column_stack(line.get_data()) for line in axes.lines]))
    return axes.get_window_extent(), labels, points


@pytest.mark.parametrize(
    "made",
    [
        MadeUp(models=LONG, targets=2),
        MadeUp(models=("timm/a", "timm/b"), targets=1, subjects=0),
        MadeUp(models=38, targets=2, subjects=12),
    ],
    ids=["long names", "few", "many"],
)
@pytest.mark.parametrize("crowded", [False, True])
def test_labels_of_the_map_overlap_neither_one_another_nor_points(made, crowded):
    arrays, header = geometry(made)
    at = arrays["map"] * ([1, 0.05] if crowded else [1, 1])
    figure = map_drawing(({"map": at}, header)).draw()
    room, labels, points = extents(figure)
    named = [p for p in header["points"] if p["kind"] != "subject"]
    assert len(labels) == len(named)
    assert not any(a.overlaps(b) for a, b in combinations(labels, 2))
    for box in labels:
        assert room.x0 <= box.x0 < box.x1 <= room.x1
        assert room.y0 <= box.y0 < box.y1 <= room.y1
        assert not any(box.contains(*point) for point in points)


def test_the_map_has_equal_scales_and_says_what_its_distances_are():
    view = geometry(MadeUp(models=4))
    drawing = map_drawing(view)
    axes = drawing.draw().axes[0]
    box = axes.get_window_extent()
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    assert (x1 - x0) / box.width == pytest.approx((y1 - y0) / box.height)
    assert axes.get_xlabel() == "MDS dimension 1 (distance: 1 − Spearman's rho)"
    assert axes.get_ylabel() == "MDS dimension 2"
    assert f"Stress {view[1]['stress']:.3f}" in drawing.caption
    shapes = {line.get_marker(): line.get_color() for line in axes.lines}
    assert len(shapes) == len(set(shapes.values())) == 3  # told apart by shape and by colour
    drawn = np.vstack([np.column_stack(line.get_data()) for line in axes.lines])
    assert sorted(map(tuple, drawn)) == sorted(map(tuple, view[0]["map"]))


def test_the_nearest_model_is_told_as_it_was_measured_and_not_read_off_the_plane():
    arrays, header = geometry(MadeUp(models=3, targets=2))
    assert "nearest" not in map_drawing((arrays, header)).alt
    far = {"name": "timm/network02.made", "layer": "fc", "distance": 0.4321}
    points = [{**p, "nearest": far if p["name"] == "made/region-2" else None} for p in header["points"]]
    alt = map_drawing((arrays, {**header, "points": points})).alt
    assert "timm/network02.made · fc is nearest to made/region-2, at a distance of 0.432." in alt
    assert "nearest to made/region-1" not in alt


def test_many_points_are_numbered_with_a_key():
    figure = map_drawing(geometry(MadeUp(models=20, targets=1))).draw()
    key = [text.get_text() for text in figure.texts]
    assert key[0] == "1  made/region-1"
    assert key[20] == "21  timm/network19.made"
    labels = {text.get_text() for text in figure.axes[0].texts}
    assert {str(i) for i in range(1, 22)} <= labels


def test_a_target_scored_as_a_model_is_told_from_the_target():
    arrays, header = geometry(MadeUp(models=("made/region-1", "timm/a"), layers=0, targets=1))
    texts = [t.get_text() for t in map_drawing((arrays, header)).draw().axes[0].texts]
    assert {"made/region-1 (target)", "made/region-1 (model)", "timm/a"} <= set(texts)


def test_fewer_than_three_points_make_no_map():
    assert map_drawing(geometry(MadeUp(models=1, targets=1, subjects=0))) is None


def test_along_an_axis_stand_all_stimuli_while_they_fit_and_then_evenly_spaced_ones():
    from repalign.report.ranks import shown_along

    assert shown_along(24) == list(range(24))
    many = shown_along(92)
    assert len(many) == 12
    steps = np.diff(many)
    assert steps.max() - steps.min() <= 1
    assert many[0] == 92 - 1 - many[-1]
