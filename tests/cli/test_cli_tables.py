"""Laws of tables: nothing wider than the width, numbers and ids whole, every name still to be recognised."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from text_for_tests import widest

from repalign.cli.scores_table import groups, print_scores
from repalign.cli.tables import Column, Kind, broken_name, plain, print_table, shortened
from repalign.data import Score, ScoreTable

NAMES = [
    "timm/vit_base_patch16_224.augreg_in21k_ft_in1k",
    "timm/vit_base_patch16_384.augreg_in21k_ft_in1k",
    "timm/vit_base_patch16_clip_224.laion2b_ft_in12k_in1k",
]
COLUMNS = [Column("model", Kind.NAME), Column("layer", Kind.NAME), Column("value", Kind.NUMBER)]
ROWS = [[name, f"blocks.{i}.attn.qkv", f"-0.{i}234"] for i, name in enumerate(NAMES)]


def printed(capsys, monkeypatch, width, columns=COLUMNS, rows=ROWS, title="a title"):
    monkeypatch.setenv("COLUMNS", str(width))
    print_table(title, columns, rows)
    return capsys.readouterr().out


@pytest.mark.parametrize("width", range(40, 121, 8))
def test_no_line_is_wider_and_no_number_is_broken(capsys, monkeypatch, width):
    out = printed(capsys, monkeypatch, width)
    assert widest(out) <= width
    for _, _, number in ROWS:
        assert number in out.split()
    assert not [line for line in out.splitlines() if line != line.rstrip()]


@pytest.mark.parametrize("width", [48, 60, 80, 100])
def test_names_that_differ_look_different(capsys, monkeypatch, width):
    out = printed(capsys, monkeypatch, width)
    lines = out.splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("timm")]
    shown = {
        "".join(line.split("  ")[0] for line in lines[start:stop])
        for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True)
    }
    assert len(shown) == len(NAMES)


def test_where_there_is_room_everything_is_on_one_line(capsys, monkeypatch):
    out = printed(capsys, monkeypatch, 120)
    assert len(out.splitlines()) == 2 + len(ROWS)
    assert all(name in out for name in NAMES)


def test_ids_are_never_broken_and_sentences_are_folded_beside_them(capsys, monkeypatch):
    columns = [Column("id", Kind.WHOLE), Column("formula")]
    rows = [["rsa-squared-euclidean-bures-distance-squared", "a formula of several words, folded " * 3]]
    for width in (60, 80):
        out = printed(capsys, monkeypatch, width, columns, rows)
        assert rows[0][0] in out.split()
        assert widest(out) <= width
        assert " ".join(out.split()).count("folded") == 3


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z", "M"]), min_size=1), st.integers(3, 40)
)
def test_a_shortened_name_fits_and_keeps_beginning_and_end(name, width):
    short = shortened(name, width)
    assert cell_len(short) <= width
    if cell_len(name) <= width:
        assert short == name
    else:
        begin, _, end = short.partition("…")
        assert name.startswith(begin)
        assert name.endswith(end)


@given(st.text("abc/_-. (),", min_size=1, max_size=60), st.integers(1, 20))
def test_a_broken_name_loses_nothing_but_where_it_is_broken(name, width):
    lines = broken_name(name, width)
    assert "".join(lines) == name
    assert all(len(line) <= width for line in lines)


def test_a_name_is_broken_at_its_separators():
    assert broken_name("timm/vit_base_patch16_224.augreg", 12) == [
        "timm/vit_",
        "base_",
        "patch16_224.",
        "augreg",
    ]


def test_a_cell_says_nothing_as_a_dash():
    assert [plain(value) for value in (None, [], ["a", None], 3)] == ["-", "-", "a, -", "3"]


def test_a_narrow_terminal_gets_a_paragraph_for_each_row(capsys, monkeypatch):
    columns = [*COLUMNS, Column("95 % interval", Kind.NUMBER), Column("p (holm)", Kind.NUMBER)]
    rows = [[*row, "-0.123 … 0.456", "<0.001"] for row in ROWS]
    out = printed(capsys, monkeypatch, 44, columns, rows)
    assert widest(out) <= 44
    assert len(re.findall(r"95 % interval -0\.123 … 0\.456", out)) == len(rows)


def score_row(model, value, **more):
    common = {"target": "d/it", "measure": "rsa-correlation-spearman", "n_stimuli": 92}
    return Score(**{**common, "model": model, "value": value, **more})


def test_each_known_end_of_a_noise_ceiling_is_printed(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    rows = [score_row("a", 0.4, ceiling_upper=0.8), score_row("b", 0.3, ceiling_lower=0.6)]
    print_scores(ScoreTable([*rows, score_row("c", 0.2, ceiling_lower=0.5, ceiling_upper=0.7)]))
    out = capsys.readouterr().out.replace("\u00a0", " ")
    assert "upper noise ceiling 0.800" in out
    assert "noise ceiling 0.600 … undefined" in out
    assert "noise ceiling 0.500 … 0.700" in out
    print_scores(ScoreTable([score_row("a", 0.4)]))
    assert "ceiling" not in capsys.readouterr().out


def test_scores_on_different_stimuli_are_not_in_one_table():
    rows = [
        score_row("a", 0.4),
        score_row("a", 0.7, n_stimuli=46, reason="layer chosen out of 2 on 46 other stimuli"),
    ]
    rows += [
        score_row("a", 0.9, target="builtin/b", reason=f"on the stimuli of {x}") for x in ("d/it", "e/all")
    ]
    rows += [score_row("a", 0.5, target="custom/x", p=0.01)]
    found = groups(ScoreTable(rows))
    assert [group.pairs for group in found] == [True, True, False, False, False]
    assert all(len(group.rows) == 1 for group in found)
    assert [group.title.replace(" · rsa-correlation-spearman", "") for group in found] == [
        "models with one another on the stimuli of d/it",
        "models with one another on the stimuli of e/all",
        "d/it",
        "d/it · layer chosen on other stimuli",
        "custom/x",
    ]
