"""Laws of naming: names, triples, functions and models mean what they say."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from repalign.data import StimulusSet
from repalign.errors import DegenerateError, InputError, ShapeError, UnknownNameError, UnsuitableError
from repalign.models import SOURCES, extract, model, model_names

STIMULI = StimulusSet.from_arrays(
    ("a", "b", "c"), images=np.random.default_rng(2).integers(0, 256, (3, 6, 6, 3), dtype=np.uint8)
)
OWN = "models_for_tests"


@pytest.fixture
def own_folder(monkeypatch):
    """The current folder is the one that holds the user's module, and leaves no trace."""
    monkeypatch.chdir(Path(__file__).parent)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p != str(Path.cwd())])
    monkeypatch.delitem(sys.modules, OWN, raising=False)


@pytest.mark.parametrize("parameters", [{}, {"size": 32}, {"size": 32, "seed": 9}])
def test_triple_and_name_mean_the_same(parameters):
    triple = {"model_name": "random", "source": "builtin", "model_parameters": parameters or None}
    assert model(triple).digest == model("builtin/random", **parameters).digest
    assert model(triple).name == model("builtin/random", **parameters).name


def test_a_name_says_what_differs_from_the_defaults():
    assert model("builtin/random", size=32, seed=9).name == "builtin/random(size=32, seed=9)"
    assert model("builtin/random", seed=0).name == "builtin/random"


def test_defaults_given_and_left_out_are_the_same_model():
    assert model("builtin/random", seed=0, size=None).digest == model("builtin/random").digest
    assert model("builtin/gabor", wavelength=4).digest == model("builtin/gabor").digest
    digests = [model(name).digest for name in model_names()]
    assert len(set(digests)) == len(digests)


def test_a_model_is_returned_as_it_is_and_takes_no_more_parameters():
    built = model("builtin/grey")
    assert model(built) is built
    with pytest.raises(InputError, match="builtin/grey is built already"):
        model(built, size=3)


@pytest.mark.parametrize(
    ("named", "message", "hint"),
    [
        ("builtin/rbg", "no model named 'builtin/rbg'", "'builtin/rgb'"),
        ("bultin/rgb", "no model source named 'bultin'", "'builtin'"),
        ("rgb", "no model named 'rgb': a model is named by source and name", "'builtin/rgb'"),
        ("nonsense", "no model named 'nonsense'", "builtin/cielab"),
        ({"source": "builtin", "model": "rgb"}, "no key of a model triple named 'model'", "'model_name'"),
        ({"source": "builtin"}, "a model triple has a model_name", "model_parameters"),
        (3, "saw int", "builtin/"),
    ],
)
def test_what_names_no_model_is_refused_with_the_next_step(named, message, hint):
    with pytest.raises(InputError, match=message) as caught:
        model(named)
    assert hint in caught.value.hint


def test_parameters_in_and_beside_a_triple_are_refused():
    triple = {"model_name": "rgb", "source": "builtin", "model_parameters": {"size": 8}}
    with pytest.raises(InputError, match="given twice"):
        model(triple, size=9)


def test_a_triple_never_imports_code():
    triple = {"model_name": "antigravity:fly", "source": "callable", "model_parameters": None}
    with pytest.raises(UnsuitableError, match="would import and run code"):
        model(triple)
    assert "antigravity" not in sys.modules
    assert [name for name in SOURCES if SOURCES[name].imports_code] == ["callable"]


def test_a_function_named_or_passed_is_the_same_model(own_folder):
    named = model(f"callable/{OWN}:mean_colour")
    passed = model(sys.modules[OWN].mean_colour)
    assert named.name == passed.name == f"callable/{OWN}:mean_colour"
    assert named.digest == passed.digest
    means = np.stack([STIMULI.pixels(i).mean(axis=(0, 1)) for i in range(3)])
    np.testing.assert_array_equal(extract(named, STIMULI, dtype="float64").values, means)
    np.testing.assert_array_equal(extract(named, STIMULI).values, means.astype(np.float32))


def test_per_image_functions_are_called_with_one_image(own_folder):
    own = model(f"callable/{OWN}:brightness", per_image=True)
    found = extract(own, STIMULI, dtype="float64").values
    np.testing.assert_array_equal(found[:, 0], [STIMULI.pixels(i).mean() for i in range(3)])
    assert found.shape == (3, 2)


def test_functions_that_cannot_be_found_again_are_never_the_same_model():
    functions = [lambda images, k=k: np.full((len(images), 2), float(k)) for k in (1, 2)]
    assert len({model(f).digest for f in [*functions, functions[0]]}) == 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mean_colour", "callable/mean_colour names no function"),
        ("no_such_module_here:f", "importing no_such_module_here failed: ModuleNotFoundError"),
        (f"{OWN}:mean_color", f"no function in {OWN} named 'mean_color'\n  Did you mean: 'mean_colour'"),
        (f"{OWN}:NOT_A_FUNCTION", "is int, not a function"),
    ],
)
def test_functions_that_cannot_be_imported_are_refused(own_folder, name, message):
    with pytest.raises(InputError, match=message):
        model(f"callable/{name}")


@pytest.mark.parametrize(
    ("function", "parameters", "error", "message"),
    [
        (
            lambda images: np.zeros(len(images)),
            {},
            ShapeError,
            r"must return an array of shape \(1, n_units\)",  # the first is shown alone, before the others
        ),
        (lambda images: np.zeros((2, 5)), {}, ShapeError, r"saw float64 of shape \(2, 5\)"),
        (lambda images: [["x"]] * len(images), {}, ShapeError, "saw <U1"),
        (lambda image: image[0, 0, 0], {"per_image": True}, ShapeError, "a vector of one length"),
        (lambda image: np.zeros(image[0, 0, 0] + 1), {"per_image": True}, ShapeError, "saw ragged rows"),
        (lambda images: 1 / 0, {}, InputError, "failed on 1 images: ZeroDivisionError: division by zero"),
        (
            lambda images: [[np.nan if (i == STIMULI.pixels(2)).all() else 1.0] for i in images],
            {},
            DegenerateError,
            "response to stimulus 'c' is NaN",
        ),
        (lambda images: images, {"per_images": True}, UnknownNameError, "named 'per_images'"),
        (lambda images: images, {"per_image": 1}, InputError, "true or false; saw 1"),
    ],
)
def test_functions_that_break_the_rules_are_refused(function, parameters, error, message):
    with pytest.raises(error, match=message):
        extract(model(function, **parameters), STIMULI)


def test_a_function_cannot_change_the_stimuli():
    def careless(image):
        image[:] = 0
        return image.ravel()

    before = STIMULI.digest
    extract(model(careless, per_image=True), STIMULI)
    assert StimulusSet(STIMULI.ids, STIMULI.images).digest == before
