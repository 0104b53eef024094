"""Figures as files and inside pages: the same bytes for the same results, small, whole, and labelled."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace
from xml.etree import ElementTree

import matplotlib as mpl
import pytest
from made_up import MadeUp, contrasts, geometry, results_of, table

from repalign.data import ResultsDir, ScoreTable
from repalign.errors import FileError, InputError, StorageError, TooFewError
from repalign.report.export import write_figures
from repalign.report.figures import (
    all_drawings,
    difference_drawing,
    pair_drawings,
    profile_drawings,
    score_drawings,
)

SVG, LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
KINDS = {"scores", "profile", "rdms", "map", "differences", "pairs"}
ANGLE = "procrustes-angular-distance"


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return results_of(MadeUp(pairs=True, targets=1), tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def drawings(results):
    return all_drawings(results)


def test_all_that_can_be_drawn_is_drawn_under_names_of_its_own(drawings):
    assert {drawing.kind for drawing in drawings} == KINDS
    names = [drawing.name for drawing in drawings]
    assert "scores-made-region-1-rsa-correlation-spearman" in names
    assert len(set(names)) == len(names) == 6
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names)
    for drawing in drawings:
        assert drawing.title
        assert drawing.alt.endswith(".")
        assert drawing.caption.endswith(".")


def test_every_figure_says_what_its_axes_are_and_how_many_stimuli(drawings):
    for drawing in drawings:
        root = ElementTree.fromstring(drawing.svg())
        said = " ".join(e.text for e in root.iter(f"{SVG}text"))
        axis = {"rdms": "rank of dissimilarity", "map": "MDS dimension 1"}
        assert axis.get(drawing.kind, "rsa-correlation-spearman") in said
        assert "24 stimuli" in said
        assert ("4 subjects" in said) == (drawing.kind in ("scores", "profile", "differences", "rdms"))
        assert "24 stimuli" in drawing.alt or drawing.kind == "rdms"
        assert root.get("role") == "img"
        assert root.get("aria-label") == drawing.alt


def test_angles_have_their_unit_and_distances_their_direction():
    made = MadeUp(measure=ANGLE, models=8, pairs=True, targets=1, thumbs=False)
    rows = table(made)
    few = contrasts(MadeUp(measure=ANGLE), "made/a-1")
    found = [*score_drawings(rows, []), *profile_drawings(rows, []), *pair_drawings(rows, [])]
    for drawing in (*found, difference_drawing(few), difference_drawing(contrasts(made, "made/a-1"))):
        assert f"{ANGLE} (radians), less is closer" in drawing.svg()


def test_ids_are_unique_on_a_page_and_every_reference_is_met(drawings):
    seen: set[str] = set()
    for drawing in drawings:
        root = ElementTree.fromstring(drawing.svg())
        ids = [e.get("id") for e in root.iter() if e.get("id")]
        assert len(set(ids)) == len(ids)
        assert not seen & set(ids)
        assert {e.get(LINK)[1:] for e in root.iter(f"{SVG}use")} == set(ids)
        seen |= set(ids)
        assert not any(e.tag in (f"{SVG}style", f"{SVG}metadata") for e in root.iter())
        # A title is shown for all that it stands in: never for a whole figure.
        assert root.find(f"{SVG}title") is None
    assert seen


def test_numbers_are_short(drawings):
    for drawing in drawings:
        if drawing.kind != "rdms":  # thumbnails and heatmaps are data
            for element in ElementTree.fromstring(drawing.svg()).iter():
                given = [element.get(key, "") for key in ("d", "x", "y", "transform", "style")]
                assert not re.search(r"\.\d{3}", " ".join(given))


@pytest.mark.parametrize("format", ["svg", "png", "pdf"])
def test_equal_results_give_equal_bytes_whatever_the_users_own_style(results, drawings, tmp_path, format):
    users = {
        "axes.grid": True,
        "savefig.transparent": True,
        "font.size": 30,
        "svg.fonttype": "path",
        "pdf.fonttype": 3,
    }
    with mpl.rc_context(users):
        again = all_drawings(ResultsDir(results.root))
        second = [path.read_bytes() for d in again for path in d.save(tmp_path / "b", (format,))]
    first = [path.read_bytes() for d in drawings for path in d.save(tmp_path / "a", (format,))]
    assert first == second
    starts = {"svg": b"<svg", "png": b"\x89PNG", "pdf": b"%PDF"}
    assert all(content.startswith(starts[format]) for content in first)


def test_other_numbers_give_other_figures():
    rows = table(MadeUp(targets=1))
    other = ScoreTable(replace(r, value=r.value + 0.01) for r in rows)
    for draw in (score_drawings, profile_drawings):
        assert draw(rows, [])[0].svg() != draw(other, [])[0].svg()


def test_a_pdf_has_no_date_and_whole_fonts(drawings, tmp_path):
    (path,) = drawings[0].save(tmp_path, ("pdf",))
    content = path.read_bytes()
    assert b"Date" not in content
    assert b"/Type3" not in content
    assert b"/CIDFontType2" in content


def test_characters_that_the_font_lacks_are_told_of_files_that_embed_it_and_not_of_pages(tmp_path):
    (drawing,) = score_drawings(ScoreTable([replace(table(MadeUp())[0], model="模型", subject="all")]), [])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "模型" in drawing.svg()
        drawing.save(tmp_path, ("svg",))
    for format in ("png", "pdf"):
        with pytest.warns(UserWarning, match="Glyph"):
            drawing.save(tmp_path, (format,))


def test_a_page_of_many_models_stays_small():
    names = tuple(f"timm/a_network_{i:02}_of_a_usual_name.in1k" for i in range(30))
    made = MadeUp(models=names, layers=10, targets=1, subjects=5, stimuli=92, thumbs=False)
    rows, views = table(made), [geometry(made)]
    assert len(score_drawings(rows, views)[0].svg().encode()) <= 45_000
    assert len(profile_drawings(rows, views)[0].svg().encode()) <= 120_000


def test_figures_are_written_one_file_per_format(results, drawings, tmp_path):
    written = write_figures(results.root, tmp_path / "new" / "figures", ("svg", "png"))
    assert [path.name for path in written] == [f"{d.name}.{f}" for d in drawings for f in ("svg", "png")]
    assert sorted(p.name for p in (tmp_path / "new" / "figures").iterdir()) == sorted(p.name for p in written)
    assert written[0].read_text("utf-8") == drawings[0].svg()


def test_two_subsets_of_one_data_set_do_not_overwrite_one_another(results):
    twice = ResultsDir(results.root)
    views = twice.views()
    twice.views = lambda: views + views
    names = [drawing.name for drawing in all_drawings(twice)]
    assert len(set(names)) == len(names)
    assert {"map-made-correlation", "map-made-correlation-2"} <= set(names)


def test_older_folders_without_views_have_figures_of_their_scores(tmp_path):
    old = results_of(MadeUp(views=False), tmp_path)
    assert {drawing.kind for drawing in all_drawings(old)} == {"scores", "profile"}


def test_what_cannot_be_drawn_or_written_is_refused(results, tmp_path):
    with pytest.raises(InputError, match="not written as 'gif'") as refused:
        write_figures(results, tmp_path / "none", ("png", "gif"))
    assert "png, svg, pdf" in refused.value.hint
    assert not (tmp_path / "none").exists()
    with pytest.raises(FileError, match="holds no results"):
        write_figures(tmp_path, tmp_path / "none")
    (tmp_path / "scores").mkdir()
    with pytest.raises(TooFewError, match="no scores to draw"):
        write_figures(tmp_path, tmp_path / "none")
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="is a file"):
        write_figures(results, tmp_path / "file")
