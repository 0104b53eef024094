"""Laws of extraction: ids, layers, batches, refusals that name the stimulus."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from repalign.data import StimulusSet
from repalign.errors import (
    DegenerateError,
    FileError,
    InputError,
    ShapeError,
    TooFewError,
    UnknownNameError,
    UnsuitableError,
)
from repalign.models import estimate_bytes, extract, model, model_names

IMAGES = np.random.default_rng(3).integers(0, 256, (7, 40, 36, 3), dtype=np.uint8)
STIMULI = StimulusSet.from_arrays([f"s{i}" for i in range(7)], images=IMAGES, name="seven")


def check_model(named, stimuli):
    """What every model must hold to; meant for users' own models too."""
    built = model(named)
    assert set(built.default_layers) <= set(built.layers) == set(built.card.layers)
    assert built.digest == model(named).digest
    whole = extract(built, stimuli, "all")
    assert whole.ids == stimuli.ids
    assert np.isfinite(whole.values).all()
    assert [*whole.split()] == list(built.layers)
    for size in (1, 3):
        assert extract(built, stimuli, "all", batch_size=size).digest == whole.digest
    turned = stimuli.ids[::-1]
    assert extract(built, stimuli.select(turned), "all").digest == whole.select(turned).digest
    for layer in built.layers:
        assert extract(built, stimuli, [layer]).digest == whole.layer(layer).digest


@pytest.mark.parametrize("name", model_names())
def test_every_builtin_model_keeps_to_the_rules(name):
    check_model(name, STIMULI)


def test_models_are_listed_by_source_and_name():
    assert model_names() == tuple(
        f"builtin/{name}" for name in ("grey", "rgb", "opponent", "cielab", "gabor", "random")
    )


def test_layers_come_in_the_order_asked_for_with_labels():
    found = extract("builtin/random", STIMULI, ["conv2", "conv1"])
    assert found.name == "builtin/random"
    assert found.units["layer"].tolist() == ["conv2"] * 4096 + ["conv1"] * 2048
    assert found.units["unit"].dtype == np.int32
    np.testing.assert_array_equal(found.units["unit"], [*range(4096), *range(2048)])


def test_the_estimate_is_what_the_assembly_holds():
    found = extract("builtin/gabor", STIMULI, "all")
    held = found.values.nbytes + sum(labels.nbytes for labels in found.units.values())
    assert estimate_bytes("builtin/gabor", STIMULI, "all") == held


def test_progress_counts_stimuli_up_to_all():
    seen = []
    extract("builtin/grey", STIMULI, batch_size=3, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(3, 7), (6, 7), (7, 7)]


@pytest.mark.parametrize("batch_size", [1, 2, 64])
def test_a_stimulus_of_another_size_is_named_whatever_the_batch(batch_size):
    images = [IMAGES[0], IMAGES[1].transpose(1, 0, 2)]  # as many pixels, so the units alone would not show it
    stimuli = StimulusSet.from_arrays(("tall", "wide"), images=images)
    with pytest.raises(
        ShapeError, match="stimulus 'tall' is 36x40 pixels and stimulus 'wide' is 40x36"
    ) as caught:
        extract("builtin/rgb", stimuli, batch_size=batch_size)
    assert "size" in caught.value.hint
    assert extract(model("builtin/rgb", size=8), stimuli).values.shape == (2, 192)


def test_a_damaged_image_is_named(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"no image")
    with pytest.raises(FileError, match="stimulus 'broken'"):
        extract("builtin/rgb", StimulusSet.from_folder(tmp_path))


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ("conv3", "no layer of builtin/random named 'conv3'\n  Did you mean: 'conv"),
        (["conv1", "fc"], "no layer of builtin/random named 'fc'"),
        ([], r"one or more different names; saw \[\]"),
        (["conv1", "conv1"], "one or more different names"),
    ],
)
def test_layers_that_make_no_sense_are_refused(layers, message):
    with pytest.raises(InputError, match=message):
        extract("builtin/random", STIMULI, layers)


def test_no_stimuli_and_no_batch_are_refused():
    with pytest.raises(TooFewError, match="holds no stimuli"):
        extract("builtin/rgb", StimulusSet((), images=()))
    with pytest.raises(InputError, match="batch_size is at least 1; saw 0"):
        extract("builtin/rgb", STIMULI, batch_size=0)


@dataclass
class Fake:
    """A model of somebody else's: whatever ``answer`` returns."""

    answer: object
    modality: str = "image"
    one_size: bool = False
    name: str = "fake/one"
    digest: str = "0"
    layers: tuple[str, ...] = ("a",)
    default_layers: tuple[str, ...] = ("a",)
    parameters: dict = field(default_factory=dict)
    card: object = None

    def prepare(self, stimulus):
        return stimulus

    def respond(self, batch, layers):
        return {"a": self.answer(batch)}


def test_text_models_read_texts_and_refuse_stimuli_without():
    lengths = Fake(lambda batch: np.array([[len(t) for t in texts] for texts in batch]), modality="text")
    stimuli = StimulusSet.from_arrays(("x", "y"), texts=["dog", "horse"], name="words")
    np.testing.assert_array_equal(extract(lengths, stimuli, batch_size=1).values, [[3], [5]])
    with pytest.raises(UnsuitableError, match="fake/one responds to texts, and seven has only images"):
        extract(lengths, STIMULI)
    with pytest.raises(UnsuitableError, match="builtin/rgb responds to images, and words has only texts"):
        extract("builtin/rgb", stimuli)
    with pytest.raises(UnknownNameError, match="'sound'"):
        extract(Fake(None, modality="sound"), STIMULI)


def test_a_response_that_is_not_finite_names_its_stimulus():
    bad = IMAGES[4].mean()
    broken = Fake(lambda batch: np.array([[np.inf if x.mean() == bad else 1.0] for x in batch]))
    with pytest.raises(
        DegenerateError, match="fake/one, layer a: the response to stimulus 's4' is NaN or inf"
    ):
        extract(broken, STIMULI, batch_size=3)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda batch: np.zeros((len(batch), 0)), "at least one unit"),
        (lambda batch: np.zeros((len(batch), 2), complex), "saw complex128"),
        (lambda batch: np.zeros((len(batch) + 1, 2)), r"responses to 1 stimuli have shape \(1, n_units\)"),
        (
            lambda batch: np.zeros((len(batch), len(batch))),
            "1 units for the first stimulus, but 4 from stimulus 's0'",
        ),
    ],
)
def test_responses_that_break_the_rules_are_refused(answer, message):
    with pytest.raises(ShapeError, match=message):
        extract(Fake(answer), STIMULI, batch_size=4)


def test_a_layer_that_the_model_forgot_is_named():
    forgetful = Fake(lambda batch: np.zeros((len(batch), 2)), layers=("a", "b"))
    with pytest.raises(UnknownNameError, match="no layer in what fake/one returned named 'b'"):
        extract(forgetful, STIMULI, "all")
