"""Networks in studies: shown the stimuli once, before the units run, which then read the store."""

from __future__ import annotations

import tracemalloc
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

import repalign as ra
from repalign.benchmarks.responders import is_network
from repalign.data import ColumnBlocks
from repalign.execution import ProcessPool
from repalign.models import SOURCES

STUDY = ra.Study(
    models=("fakenet/a", "builtin/rgb"),
    benchmarks=("ekman1954/similarity",),
    measures=("rsa-euclidean-spearman", "rsa-euclidean-rho-a"),
    layers="all",
    draws=20,
    permutations=20,
)
MEASURE = "rsa-euclidean-spearman"
SHOWN: list[int] = []


@dataclass
class Net:
    """A network of a source that only this process knows."""

    name: str
    fails: bool = False
    modality: str = "image"
    one_size: bool = False
    layers: tuple[str, ...] = ("early", "late")
    default_layers: tuple[str, ...] = ("late",)
    parameters: dict[str, Any] = field(default_factory=dict)
    card: Any = None

    @property
    def digest(self):
        return self.name

    def prepare(self, stimulus):
        return stimulus.mean(axis=(0, 1))

    def respond(self, batch, layers):
        SHOWN.append(len(batch))
        rows = np.stack(batch) / (0 if self.fails else 1)
        return {layer: rows if layer == "early" else np.sqrt(rows) for layer in layers}


class FakeSource:
    imports_code = False

    def names(self):
        return ("a", "broken")

    def load(self, name, parameters):
        return Net(f"fakenet/{name}", fails=name == "broken")


@pytest.fixture(autouse=True)
def fakenet(tmp_path, monkeypatch):
    monkeypatch.setenv("REPALIGN_HOME", str(tmp_path / "home"))
    monkeypatch.setitem(SOURCES._members, "fakenet", FakeSource())
    SHOWN.clear()


def rows(folder):
    return {p.name: p.read_bytes() for p in (folder / "scores").iterdir()}


def test_a_network_sees_the_stimuli_once_for_all_units_and_studies(tmp_path):
    seen = []
    _, report = ra.run_study(STUDY, tmp_path / "one", on_extract=lambda *what: seen.append(what))
    assert (len(report.computed), SHOWN, seen) == (4, [1, 14], [("fakenet/a", 14, 14)])
    ra.run_study(STUDY.model_copy(update={"seed": 1}), tmp_path / "two")
    assert SHOWN == [1, 14]


def test_workers_need_no_network_and_change_no_byte(tmp_path):
    ra.run_study(STUDY, tmp_path / "one")
    _, report = ra.run_study(STUDY, tmp_path / "two", executor=ProcessPool(2))
    assert not report.failed  # though a worker knows no such source
    assert rows(tmp_path / "one") == rows(tmp_path / "two")


def test_a_study_scores_what_score_scores(tmp_path):
    results, _ = ra.run_study(STUDY, tmp_path)
    direct = ra.score("fakenet/a", "ekman1954/similarity", MEASURE, layers="all", draws=20, permutations=20)
    assert SHOWN == [1, 14]
    assert list(direct) == [r for r in results.scores() if (r.model, r.measure) == ("fakenet/a", MEASURE)]
    assert {r.layer for r in direct} == {"early", "late"}


def test_nothing_is_extracted_for_units_that_are_done(tmp_path, monkeypatch):
    ra.run_study(STUDY, tmp_path / "one")
    monkeypatch.setenv("REPALIGN_HOME", str(tmp_path / "another"))
    _, report = ra.run_study(STUDY, tmp_path / "one")
    assert (len(report.skipped), SHOWN) == (4, [1, 14])


def test_a_network_that_fails_fails_alone_and_says_why(tmp_path):
    study = STUDY.model_copy(update={"models": ("fakenet/broken", "fakenet/a", "builtin/rgb")})
    with np.errstate(divide="ignore", invalid="ignore"):
        _, report = ra.run_study(study, tmp_path)
    assert len(report.computed) == 4
    assert {o.unit.spec["model"] for o in report.failed} == {"fakenet/broken"}
    assert all("is NaN or infinite" in (o.error or {})["message"] for o in report.failed)


@pytest.mark.parametrize(
    ("named", "answer"),
    [
        ("fakenet/a", True),
        ({"source": "fakenet", "model_name": "a", "model_parameters": None}, True),
        (Net("fakenet/a"), True),
        ("builtin/rgb", False),
        (ra.model("builtin/rgb"), False),
        (lambda images: images, False),
        ("kriegeskorte92/hmax", False),
        ("fakenet/saved.npz", False),
    ],
)
def test_what_counts_as_a_network(named, answer):
    assert is_network(named) is answer


@pytest.mark.parametrize("layers", ["all", "choose"])
def test_layers_are_loaded_one_at_a_time(layers):
    n, width, many = 60, 20_000, 12
    generator = np.random.default_rng(0)
    blocks = ColumnBlocks([generator.normal(size=(n, width)).astype(np.float32) for _ in range(many)])
    names = np.repeat(np.array([f"layer{i}" for i in range(many)], dtype=object), width)
    ids = [f"s{i:02d}" for i in range(n)]
    acts = ra.Assembly(blocks, ids, {"layer": names}, name="large")
    target = ra.Assembly(generator.normal(size=(n, 30)), ids[::-1])
    tracemalloc.start()
    table = ra.score(acts, target, MEASURE, layers=layers, draws=0, permutations=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(table) == (many if layers == "all" else 1)
    assert peak < blocks.nbytes  # one layer in double precision with its temporaries, not all twelve
