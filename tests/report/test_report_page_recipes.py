"""The recipes on the page: complete, exact, and commands that the command line understands."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from folders import RSA, TABLE, Page, folder
from made_up import MadeUp, geometry, results_of
from typer.testing import CliRunner

from repalign.benchmarks import Study
from repalign.metrics import find_measure
from repalign.report import render
from repalign.report.digests import digests
from repalign.report.recipes import again, measure_table, recipes

HOW = {"draws": 500, "layers": ["a b", "fc"], "over": "both", "permutations": 0, "seed": 7, "subset": 40}
SPEC = {
    "model": {"model_name": "random", "source": "builtin", "model_parameters": {"seed": 1}},
    "identity": "i" * 32,
    "benchmark": "kriegeskorte92/human-it",
    "benchmark_version": 2,
    "stimuli": "s" * 32,
    "target": "t" * 32,
    "measure": RSA,
    "how": HOW,
    "code": "0.1+abc",
}


def scored_by(command: str, monkeypatch) -> Study:
    """The study that the command line makes of a command."""
    import repalign.cli.scoring as scoring
    from repalign.cli.app import app

    class AskedError(Exception):
        """Stops before anything is scored."""

    asked: list[Study] = []

    def stop(study, *args, **more):
        asked.append(study)
        raise AskedError

    monkeypatch.setattr(scoring, "run_study", stop)
    words = shlex.split(command)
    assert words[0] == "repalign"
    result = CliRunner().invoke(app, words[1:])
    assert isinstance(result.exception, AskedError), result.output
    return asked[0]


@pytest.mark.parametrize(
    "how",
    [HOW, {**HOW, "layers": "default", "subset": None}, {**HOW, "layers": "all", "over": "auto", "draws": 0}],
)
def test_the_command_asks_for_the_study_of_the_recipe(monkeypatch, how):
    study = scored_by(again({**SPEC, "how": how}), monkeypatch)
    made = study.model_dump(mode="json")
    assert {key: made[key] for key in how} == how
    assert made["models"] == [SPEC["model"]]
    assert (made["benchmarks"], made["measures"]) == ([SPEC["benchmark"]], [RSA])


def test_models_named_with_spaces_and_quotes_survive_the_shell(monkeypatch):
    name = "npz/a model's 'own' $HOME file"
    assert scored_by(again({**SPEC, "model": name}), monkeypatch).models == (name,)


def test_data_of_the_users_own_are_named_as_stimuli_and_target():
    words = shlex.split(again({**SPEC, "benchmark": "images/my-rdm", "own": True}))
    assert words[words.index("--stimuli") + 1] == "images"
    assert words[words.index("--target") + 1] == "my-rdm"
    assert "--benchmark" not in words


def test_whose_data_they_are_is_told_by_the_spec_and_not_by_the_name():
    """A folder of the user's own may bear the name of a data set."""
    own = shlex.split(again({**SPEC, "own": True}))
    assert own[own.index("--stimuli") + 1 : own.index("--stimuli") + 4] == [
        "kriegeskorte92",
        "--target",
        "human-it",
    ]
    assert "--benchmark" in shlex.split(again(SPEC))
    assert "--benchmark" in shlex.split(again({**SPEC, "benchmark": "images/my-rdm", "own": False}))


def test_pairs_on_data_of_the_users_own_say_where_they_lie():
    import repalign

    spec = {**SPEC, "pair": ["builtin/rgb", "builtin/grey"], "benchmark": "imgs/it's", "own": True}
    call = again(spec).replace("repalign.run_study(", "(lambda study, out, options=None: options)(")
    assert eval(call) == {"imgs/it's": {"stimuli": "imgs", "target": "it's"}}  # noqa: S307
    del spec["own"]
    bare = {**spec, "benchmark": SPEC["benchmark"]}
    assert "options" not in again(bare)
    assert repalign.run_study.__kwdefaults__["options"] is None


def test_views_have_their_digest_and_every_value_of_their_spec(tmp_path):
    spec = {"view": "geometry", "models": ["builtin/rgb", "m<2>"], "how": {"seed": 41}, "code": "0.1+abc"}
    results = folder(tmp_path, views=(geometry(MadeUp()),), view_specs=(spec,))
    text = render(results)
    made = Page(text.partition("<h3>RDMs, maps and differences</h3>")[2]).text
    for value in (results.view_recipes()["view 0"]["digest"], '["builtin/rgb", "m<2>"]', "how.seed", "41"):
        assert value in made
    assert "<h3>RDMs, maps and differences</h3>" not in render(folder(tmp_path / "old"))


def test_pairs_of_models_are_made_again_in_python():
    import repalign

    spec = {**SPEC, "pair": ["builtin/rgb", SPEC["model"]], "identity": ["i", "j"]}
    del spec["model"], spec["target"]
    line = again(spec)
    study = eval(line.replace("repalign.run_study(", "(lambda study, out: study)("))  # noqa: S307
    assert isinstance(study, repalign.Study)
    assert study.pairwise == ("kriegeskorte92/human-it",)
    assert study.models == ("builtin/rgb", SPEC["model"])
    assert study.draws == 500


def test_every_value_of_every_spec_is_on_the_page(tmp_path):
    other = {**SPEC, "model": "builtin/rgb", "identity": "k" * 32}
    text = Page(render(folder(tmp_path, recipes={"unit-1": SPEC, "unit-2": other}))).text
    for value in ("s" * 32, "t" * 32, "i" * 32, "k" * 32, "unit-1", "unit-2", "0.1+abc", '["a b", "fc"]'):
        assert value in text
    assert json.dumps(SPEC["model"], sort_keys=True) in text
    assert text.count("s" * 32) == 1  # what units share is said once
    assert text.count("how.draws") == 1
    assert "repalign score builtin/rgb --benchmark kriegeskorte92/human-it" in text


def test_units_of_other_settings_are_told_apart():
    other = {**SPEC, "how": {**HOW, "seed": 8}}
    paired = {**SPEC, "pair": ["a", "b"]}
    found = recipes({"1": SPEC, "2": {**SPEC, "measure": "x"}, "3": other, "4": paired})
    assert [[unit.digest for unit in each.units] for each in found] == [["1", "2"], ["3"], ["4"]]
    assert [each.python for each in found] == [False, False, True]
    values = [dict(each.shared)["how.seed"] for each in found]
    assert values == ["7", "8", "7"]


def test_each_digest_is_written_once_and_every_number_refers_to_it():
    rows = [row for row in TABLE if row.subject == "all"]
    from dataclasses import replace

    marked = [
        replace(
            row, model_digest=f"model-{row.model}", target_digest="target", spec_digest=f"spec-{row.model}"
        )
        for row in rows
    ]
    found = digests([("it", marked), ("again", marked)])
    assert found.sides.splitlines() == [
        "a · conv1: 1 model-a",
        "d/it · IT: 2 target",
        "b · conv1: 3 model-b",
    ]
    assert found.numbers[0] == ("it", "1 2 spec-a\n3 2 spec-b")
    assert digests([("it", rows)]).numbers == ()


def test_all_digests_of_a_folder_are_on_its_page(tmp_path):
    results = results_of(MadeUp(), tmp_path)
    text = Page(render(results)).text
    for row in results.scores().where(subject="all"):
        assert row.spec_digest in text
        assert row.model_digest in text
        assert row.target_digest in text


def test_measures_state_formula_direction_range_and_source():
    known = find_measure(RSA)
    (line,) = measure_table([RSA]).rows
    assert line == (RSA, known.formula, "higher is closer", "\N{MINUS SIGN}1 to 1", known.source)
    (line,) = measure_table(["procrustes-angular-distance"]).rows
    assert line[2] == "lower is closer"
    assert re.fullmatch(r"0 to [\d.]+", line[3])
    assert measure_table(["none-such"]).rows[0][0] == "none-such"
