"""Score and ScoreTable: rows that survive every format, and refuse what is no number."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repalign.data import COLUMNS, Score, ScoreTable
from repalign.errors import FileError, InputError, StorageError, UnknownNameError

FORMATS = ["csv", "json", "parquet"]
FLOATS = [0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.0, 0.0, -1 / 3, 1e-17, 1.0, None]

texts = st.text(min_size=1, max_size=12)
numbers = st.floats(allow_nan=False, allow_infinity=False)
whole = st.integers(-(2**63), 2**63 - 1)
inferred = ("ceiling_lower", "ceiling_upper", "ci_low", "ci_high", "p")


def score(**cells: object) -> Score:
    return Score(**{"model": "m", "target": "d/t", "measure": "cka-linear", **cells})


def written(table: ScoreTable, kind: str, folder) -> ScoreTable:
    path = folder / f"t.{kind}"
    getattr(table, f"to_{kind}")(path)
    return getattr(ScoreTable, f"from_{kind}")(path)


def exactly(table: ScoreTable) -> list[list[str]]:
    """Every cell with its type and sign; repr of a float has all its digits."""
    return [[repr(cell) for cell in row.values()] for row in table.rows()]


@st.composite
def scores(draw) -> Score:
    subject = draw(st.sampled_from(["all", "p1"]))
    cells = {"model": draw(texts), "target": draw(texts), "measure": draw(texts), "subject": subject}
    for name in set(COLUMNS) - cells.keys():
        annotation = str(Score.__dataclass_fields__[name].type)
        kind = numbers if "float" in annotation else whole if "int" in annotation else texts
        absent = subject != "all" and name in inferred
        cells[name] = None if absent else draw(st.none() | kind)
    return Score(**cells)


@settings(deadline=None, max_examples=40)
@given(table=st.lists(scores(), max_size=4).map(ScoreTable))
def test_any_table_survives_every_format_to_the_last_digit(table, tmp_path_factory) -> None:
    folder = tmp_path_factory.mktemp("t")
    for kind in FORMATS:
        assert exactly(written(table, kind, folder)) == exactly(table)


@pytest.mark.parametrize("kind", FORMATS)
def test_awkward_floats_and_absent_cells_survive(kind: str, tmp_path) -> None:
    table = ScoreTable(
        [score(value=v, ci_low=v, reason=None if v else 'no value: x,y\r\n"q"') for v in FLOATS]
    )
    loaded = written(table, kind, tmp_path)
    assert exactly(loaded) == exactly(table)
    assert [math.copysign(1, r.value) for r in loaded if r.value == 0] == [-1.0, 1.0]
    assert [r.value is None for r in loaded] == [v is None for v in FLOATS]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("table", [ScoreTable(), ScoreTable([score()] * 3)])
def test_no_rows_and_equal_rows_survive(table: ScoreTable, kind: str, tmp_path) -> None:
    assert exactly(written(table, kind, tmp_path)) == exactly(table)


@pytest.mark.parametrize("kind", FORMATS)
def test_equal_tables_are_equal_bytes(kind: str, tmp_path) -> None:
    cells = [{"value": i / 7, "epoch": i, "layer": f"l{i % 5}"} for i in range(3000)]
    for name in ("1", "2"):
        getattr(ScoreTable(score(**c) for c in cells), f"to_{kind}")(tmp_path / name)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_numpy_numbers_become_plain_ones() -> None:
    row = score(value=np.float32(0.5), n_stimuli=np.int64(3), p=1, model=np.str_("m"))
    assert [type(x) for x in (row.value, row.n_stimuli, row.p, row.model)] == [float, int, float, str]
    assert json.loads(ScoreTable([row]).to_json())[0]["n_stimuli"] == 3


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"value": float("nan")}, ("value", "nan", "finite or absent")),
        ({"value": np.float32("nan")}, ("value", "nan", "finite or absent")),
        ({"ci_high": float("inf")}, ("ci_high", "inf", "finite or absent")),
        ({"layer": ""}, ("layer", "empty text")),
        ({"model": ""}, ("model", "empty text")),
        ({"model": None}, ("model", "absent")),
        ({"reason": "\ud800"}, ("reason", "Unicode")),
        ({"value": "0.5"}, ("value", "'0.5'", "float")),
        ({"value": True}, ("value", "True", "float")),
        ({"n_stimuli": 3.7}, ("n_stimuli", "3.7", "int")),
        ({"seed": 2**63}, ("seed", "64 bits")),
        ({"model": 5}, ("model", "5", "str")),
    ],
)
def test_what_is_no_cell_of_its_column_is_refused(cells, words, refused) -> None:
    with refused(InputError, *words):
        score(**cells)


@pytest.mark.parametrize("column", inferred)
def test_only_aggregates_carry_interval_ceiling_and_p(column: str, refused) -> None:
    assert getattr(score(**{column: 0.5}), column) == 0.5
    with refused(InputError, "subject 'p1'", "interval, ceiling or p"):
        score(subject="p1", **{column: 0.0})


def test_a_table_is_a_sequence() -> None:
    rows = [score(epoch=i) for i in range(5)]
    table = ScoreTable(rows)
    assert list(table) == rows
    assert table[1] is rows[1]
    assert table[-1] is rows[-1]
    assert table[1:3] == ScoreTable(rows[1:3])
    assert table[:2] + table[2:] == table
    assert hash(table[:5]) == hash(table)
    assert table != table[:4]
    assert "5 rows" in repr(table)
    assert "[0.100" not in repr(ScoreTable([score(value=0.5, ci_low=0.1)]))


def test_where_keeps_the_rows_that_match_all_conditions(refused) -> None:
    table = ScoreTable(
        score(model=m, layer=layer, epoch=e) for m in "ab" for layer in ("x", None) for e in (1, 2)
    )
    assert len(table.where(model="a")) == 4
    assert table.where(model="a", layer=None, epoch=2) == ScoreTable([score(model="a", epoch=2)])
    assert len(table.where()) == 8
    with refused(UnknownNameError, "column", "'modle'"):
        table.where(modle="a")


@given(st.permutations(range(12)))
def test_the_canonical_order_does_not_depend_on_the_given_one(order: list[int]) -> None:
    rows = [score(value=v, layer=layer) for v in (None, 0.0, -0.0, 1.0, -1.0, 0.5) for layer in ("l", None)]
    canonical = ScoreTable(rows).sorted()
    assert exactly(ScoreTable(rows[i] for i in order).sorted()) == exactly(canonical)
    assert exactly(canonical.sorted()) == exactly(canonical)


def test_rows_are_ordered_by_target_region_measure_model_layer_subject() -> None:
    keys = ["target", "region", "measure", "model", "layer", "subject"]
    rows = [score(**{key: "zz"}) for key in keys]
    changed = [next(k for k in keys if asdict(row)[k] == "zz") for row in ScoreTable(rows).sorted()]
    assert changed == list(reversed(keys))


def test_a_query_sees_every_row_and_column() -> None:
    table = ScoreTable(score(value=i / 4, n_stimuli=i, subject="all" if i else "p1") for i in range(4))
    answer = table.query(
        "select subject, avg(value) as mean, sum(n_stimuli) as n from scores group by 1 order by 1"
    )
    assert answer == [{"subject": "all", "mean": 0.5, "n": 6}, {"subject": "p1", "mean": 0.0, "n": 0}]
    assert table.query("select * from scores") == table.rows()
    assert table.query("select 0.5 as half") == [{"half": 0.5}]
    assert type(table.query("select 0.5 as half")[0]["half"]) is float
    assert table.query("") == []


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_csv('{path}')",
        "select * from read_text('{path}')",
        "select * from '{path}'",
        "select * from glob('{path}')",
        "copy scores to '{path}.copy'",
        "attach '{path}.db'",
        "set enable_external_access=true",
        "install httpfs",
        "load httpfs",
        "select * from table_of_mine",
    ],
)
def test_a_query_reaches_neither_files_nor_network_nor_our_variables(sql: str, tmp_path, refused) -> None:
    path = tmp_path / "secret.csv"
    path.write_text("a\n1\n")
    table_of_mine = np.zeros(3)
    with refused(InputError, "query failed"):
        ScoreTable([score()]).query(sql.format(path=path))
    assert [p.name for p in tmp_path.iterdir()] == ["secret.csv"]
    assert len(table_of_mine) == 3


def test_a_wrong_query_is_refused_with_the_columns(refused) -> None:
    with refused(InputError, "query failed", "modle"):
        ScoreTable([score()]).query("select modle from scores")
    with refused(InputError, "two columns", "'model'"):
        ScoreTable([score()]).query("select a.model, b.model from scores a, scores b")


@pytest.mark.parametrize("name", ["a*", "seed=3", "r[1]", "q?", "it's", "é ü"])
def test_parquet_files_are_found_whatever_their_folder_is_called(name: str, tmp_path) -> None:
    for folder in ("ab", "r1", "qq", name):
        (tmp_path / folder).mkdir(exist_ok=True)
        ScoreTable([score(model=folder)]).to_parquet(tmp_path / folder / "s.parquet")
    assert ScoreTable.from_parquet(tmp_path / name / "s.parquet") == ScoreTable([score(model=name)])


def test_several_parquet_files_are_read_in_the_given_order(tmp_path) -> None:
    paths = [ScoreTable([score(epoch=i), score()]).to_parquet(tmp_path / f"{i}.parquet") for i in (2, 1, 3)]
    assert [row.epoch for row in ScoreTable.from_parquet(*paths)] == [2, None, 1, None, 3, None]
    assert ScoreTable.from_parquet() == ScoreTable()


HEADER = "model,target,measure"
DAMAGED = {
    "csv": [
        "",
        "model,wrong\na,b\n",
        f"{HEADER}\na,b\n",
        f"{HEADER},value\na,b,c,x\n",
        f"{HEADER},value\na,b,c,nan\n",
        f"{HEADER},epoch\na,b,c,1.5\n",
        "model\na\n",
        f'{HEADER}\n"a,b,c\n',
        f"{HEADER},model\na,b,c,d\n",
    ],
    "json": [
        "{}",
        "[1]",
        "[{}]",
        '[{"model": "a", "target": "b", "measure": "c", "value": NaN}]',
        '[{"model": "a", "target": "b", "measure": "c", "epoch": 1.5}]',
        '[{"wrong": 1}]',
        '[{"model": 5, "target": "b", "measure": "c"}]',
    ],
}


@pytest.mark.parametrize(("kind", "content"), [(k, c) for k, contents in DAMAGED.items() for c in contents])
def test_a_file_that_is_no_score_table_is_refused(kind: str, content: str, tmp_path, refused) -> None:
    path = tmp_path / f"t.{kind}"
    path.write_text(content)
    with refused(FileError, "no score table"):
        getattr(ScoreTable, f"from_{kind}")(path)


@pytest.mark.parametrize(("kind", "content"), [("csv", b"\xff\xfe"), ("json", b"{"), ("parquet", b"PAR1 no")])
def test_a_damaged_or_missing_file_is_refused(kind: str, content: bytes, tmp_path, refused) -> None:
    path = tmp_path / f"t.{kind}"
    with refused(FileError, "score table", "does not exist"):
        getattr(ScoreTable, f"from_{kind}")(path)
    path.write_bytes(content)
    with refused(FileError):
        getattr(ScoreTable, f"from_{kind}")(path)


def test_integers_that_another_tool_wrote_as_floats_are_read(tmp_path) -> None:
    rows = [{"model": "a", "target": "b", "measure": "c", "n_stimuli": 72.0}]
    (tmp_path / "t.json").write_text(json.dumps(rows))
    assert ScoreTable.from_json(tmp_path / "t.json")[0].n_stimuli == 72


def test_a_parquet_file_of_another_table_is_refused(tmp_path, refused) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"copy (select 1 as other) to '{tmp_path / 'o.parquet'}' (format parquet)")
    with refused(FileError, "no score table", "'other'"):
        ScoreTable.from_parquet(tmp_path / "o.parquet")


@pytest.mark.parametrize("kind", FORMATS)
def test_what_cannot_be_written_is_a_storage_error(kind: str, tmp_path, refused) -> None:
    (tmp_path / "f").touch()
    with refused(StorageError, "could not be written"):
        getattr(ScoreTable([score()]), f"to_{kind}")(tmp_path / "f" / "t")


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_without_a_path_the_text_itself_is_given(kind: str, tmp_path) -> None:
    table = ScoreTable([score(reason="é, x"), score(value=0.1 + 0.2)])
    text = getattr(table, f"to_{kind}")()
    assert getattr(table, f"to_{kind}")(tmp_path / "t") == text
    assert (tmp_path / "t").read_bytes().decode() == text
