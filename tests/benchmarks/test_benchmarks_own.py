"""Benchmarks of one's own data: joined by id, refused by name, the same number as by hand."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.distance import squareform

import repalign as ra
from repalign.benchmarks import own_benchmark
from repalign.errors import DegenerateError, FileError, IdentityError, InputError, UnsuitableError

IDS = [f"cat/{i:02d}" for i in range(6)] + [f"dog/{i:02d}" for i in range(6)]
QUICK = {"draws": 20, "permutations": 20}


@pytest.fixture
def images(tmp_path):
    for number, name in enumerate(IDS):
        path = tmp_path / "images" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(0, 256, size=(8, 8, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
    return tmp_path / "images"


@pytest.fixture
def square():
    return squareform(np.random.default_rng(0).uniform(size=66))


def written(path, square, ids):
    lines = [
        ",".join(["", *ids]),
        *(",".join([n, *map(repr, row)]) for n, row in zip(ids, square.tolist(), strict=True)),
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_folder_and_a_table_give_the_number_that_a_call_by_hand_gives(tmp_path, images, square):
    order = np.random.default_rng(1).permutation(12)
    shuffled = [IDS[i] for i in order]
    file = written(tmp_path / "rdm.csv", square[np.ix_(order, order)], shuffled)
    bench = own_benchmark("images/rdm", images, file)
    found = ra.score("builtin/rgb", bench, **QUICK)[-1]
    acts = ra.extract("builtin/rgb", ra.StimulusSet.from_folder(images))
    by_hand = ra.compare(acts, ra.RDM.from_square(square, IDS), "rsa-correlation-spearman")
    assert found.value == pytest.approx(by_hand.value, abs=1e-12)
    assert found.target == "images/rdm"
    assert found.measure == "rsa-correlation-spearman"


def test_names_of_files_are_ids_with_their_suffix(tmp_path, images, square):
    plain = own_benchmark("i/r", images, written(tmp_path / "a.csv", square, IDS))
    suffixed = own_benchmark("i/r", images, written(tmp_path / "b.csv", square, [f"{i}.png" for i in IDS]))
    assert suffixed.target.ids == plain.target.ids
    assert suffixed.target.digest == plain.target.digest


def test_a_matrix_without_ids_takes_them_from_a_list(tmp_path, images, square):
    np.save(tmp_path / "rdm.npy", square)
    with pytest.raises(IdentityError):
        own_benchmark("i/r", images, tmp_path / "rdm.npy")
    (tmp_path / "ids.txt").write_text("\n".join(IDS))
    bench = own_benchmark("i/r", images, tmp_path / "rdm.npy", ids=tmp_path / "ids.txt")
    assert isinstance(bench.target.responses, ra.RDM)
    assert bench.target.ids == tuple(IDS)


def test_a_part_of_the_stimuli_may_be_the_target(tmp_path, images, square):
    file = written(tmp_path / "rdm.csv", square[:8, :8], IDS[:8])
    assert own_benchmark("i/r", images, file).stimuli.ids == tuple(sorted(IDS[:8]))


def test_ids_that_are_no_stimuli_are_named_with_some_that_are(tmp_path, images, square):
    file = written(tmp_path / "rdm.csv", square, [f"stimulus {i}" for i in range(12)])
    with pytest.raises(IdentityError, match=r"12 of 12 stimuli of i/r .* 'stimulus 0'.*'cat/00'") as caught:
        own_benchmark("i/r", images, file)
    assert "path below the folder" in caught.value.hint


def test_subjects_of_a_saved_target_are_kept(tmp_path, images):
    pairs = np.random.default_rng(2).uniform(size=(5, 66))
    ra.RDM(pairs, IDS, {"subject": np.array(list("abcde"))}).save(tmp_path / "people.npz")
    bench = own_benchmark("i/people", images, tmp_path / "people.npz", region="V4")
    rows = ra.score("builtin/rgb", bench, **QUICK)
    assert [row.subject for row in rows] == ["a", "b", "c", "d", "e", "all"]
    assert rows[-1].region == "V4"
    assert rows[-1].ceiling_lower is not None


def test_a_study_of_own_data_runs_by_its_options_and_resumes(tmp_path, images, square):
    file = written(tmp_path / "rdm.csv", square, IDS)
    study = ra.Study(models=("builtin/rgb", "builtin/grey"), benchmarks=("images/rdm",), **QUICK)
    options = {"images/rdm": {"stimuli": str(images), "target": str(file)}}
    results, report = ra.run_study(study, tmp_path / "out", options=options)
    assert len(report.computed) == 2
    assert not report.failed
    assert {header["view"] for _, header in results.views()} == {"geometry", "differences"}
    _, again = ra.run_study(study, tmp_path / "out", options=options)
    assert len(again.skipped) == 2
    written(file, square * 2, IDS)  # another scale: another content, and all of it is scored again
    _, third = ra.run_study(study, tmp_path / "out", options=options)
    assert len(third.computed) == 2


def test_what_is_not_there_is_refused(tmp_path, images):
    with pytest.raises(FileError, match="does not exist"):
        own_benchmark("i/r", images, tmp_path / "nothing.csv")
    with pytest.raises(FileError):
        own_benchmark("i/r", tmp_path / "nowhere", tmp_path / "nothing.csv")


def test_similarities_are_not_taken_for_responses(tmp_path, images, square):
    file = written(tmp_path / "similarity.csv", 1 - square, IDS)
    with pytest.raises(UnsuitableError, match="symmetric with 1 along the diagonal: are these similarities"):
        own_benchmark("i/r", images, file)
    distances = written(tmp_path / "distance.csv", square, IDS)
    assert isinstance(own_benchmark("i/r", images, distances).target.responses, ra.RDM)


def test_a_hole_in_an_rdm_is_named_by_its_stimuli(tmp_path, images, square):
    square[2, 7] = square[7, 2] = np.nan
    bench = own_benchmark("i/r", images, ra.RDM.from_square(square, IDS))
    first = "the first of 'cat/02' and 'dog/01'"
    with pytest.raises(DegenerateError, match=f"1 dissimilarities are NaN or infinite, {first}"):
        ra.score("builtin/rgb", bench, **QUICK)


def as_table(path, cells, ids, columns=None, mark=",", corner=""):
    head = mark.join([corner, *(columns or ids)])
    rows = [mark.join([name, *row]) for name, row in zip(ids, cells, strict=True)]
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def texts(square):
    return [[repr(x) for x in row] for row in square.tolist()]


def lower(square, blank):
    return [[repr(x) if j < i else blank for j, x in enumerate(row)] for i, row in enumerate(square.tolist())]


ORDER = [3, 0, 11, 7, 1, 2, 10, 4, 9, 5, 8, 6]
TABLES = {
    "columns in another order": lambda s: {
        "cells": texts(s[:, ORDER]),
        "columns": [IDS[i] for i in ORDER],
    },
    "names of files in the header only": lambda s: {"cells": texts(s), "columns": [f"{i}.PNG" for i in IDS]},
    "numbers in the header": lambda s: {"cells": texts(s), "columns": [str(i) for i in range(12)]},
    "one triangle, the other blank": lambda s: {"cells": lower(s, "")},
    "one triangle, the other nan": lambda s: {"cells": lower(s, "nan")},
    "one triangle, the other zero": lambda s: {"cells": lower(s, "0")},
    "semicolons": lambda s: {"cells": texts(s), "mark": ";"},
    "semicolons and decimal commas": lambda s: {
        "cells": [[cell.replace(".", ",") for cell in row] for row in texts(s)],
        "mark": ";",
    },
    "tabs": lambda s: {"cells": texts(s), "mark": "\t"},
    "a corner of any name": lambda s: {"cells": texts(s), "corner": "images"},
}


@pytest.mark.parametrize("kind", TABLES)
def test_the_tables_of_laboratories_are_the_rdm_that_they_mean(tmp_path, images, square, kind):
    bench = own_benchmark("i/r", images, as_table(tmp_path / "rdm.csv", ids=IDS, **TABLES[kind](square)))
    found = bench.target.responses
    assert isinstance(found, ra.RDM)
    np.testing.assert_allclose(found.select(IDS).square(), square, rtol=1e-12)


def test_a_table_that_is_nearly_an_rdm_is_not_taken_for_responses(tmp_path, images, square):
    uneven = square.copy()
    uneven[2, 5] += 0.001
    with pytest.raises(UnsuitableError, match="is no RDM: 'cat/02' with 'cat/05'"):
        own_benchmark("i/r", images, as_table(tmp_path / "a.csv", texts(uneven), IDS))
    typo = [*IDS[:-1], "dgo/05"]
    with pytest.raises(UnsuitableError, match="columns are not called as its rows are: 'dgo/05'"):
        own_benchmark("i/r", images, as_table(tmp_path / "b.csv", texts(square), IDS, typo))
    with pytest.raises(UnsuitableError, match="its diagonal is not zero"):
        own_benchmark("i/r", images, as_table(tmp_path / "c.csv", texts(square + 0.05 * np.eye(12)), IDS))


def test_another_file_of_the_same_name_does_not_mix_with_the_first(tmp_path, images, square):
    study = ra.Study(models=("builtin/rgb",), benchmarks=("images/rdm",), **QUICK)
    for number, values in enumerate((square, square**2)):
        folder = tmp_path / str(number)
        folder.mkdir()
        file = as_table(folder / "rdm.csv", texts(values), IDS)
        options = {"images/rdm": {"stimuli": str(images), "target": str(file)}}
        one = study if number == 0 else study.model_copy(update={"models": ("builtin/grey",)})
        if number == 0:
            ra.run_study(one, tmp_path / "out", options=options)
            continue
        with pytest.raises(IdentityError, match="'images/rdm' is another target than the one scored"):
            ra.run_study(one, tmp_path / "out", options=options)


def test_two_different_models_of_one_name_are_refused(tmp_path, images, square):
    for number in (0, 1):
        (tmp_path / str(number)).mkdir()
        values = np.random.default_rng(number).normal(size=(12, 4))
        ra.Assembly(values, IDS, name="acts").save(tmp_path / str(number) / "acts.npz")
    models = tuple(str(tmp_path / str(number) / "acts.npz") for number in (0, 1))
    study = ra.Study(models=models, benchmarks=("ekman1954/similarity",), **QUICK)
    with pytest.raises(InputError, match="two different models are called 'acts'"):
        ra.run_study(study, tmp_path / "out")
