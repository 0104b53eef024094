"""Every command at 80 and 60 columns; colours only on a terminal; help with an example that parses."""

from __future__ import annotations

import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from text_for_tests import said, too_wide, widest
from tiny_study import write_study

import repalign
from repalign.cli import app
from repalign.data import Assembly

LONG = "timm/a_model_with_a_very_long_name_patch14_224.laion2b_ft_in12k_in1k"
GOAL = ("--benchmark", "ekman1954/similarity")
QUICK = ("--draws", 20)
COMMANDS = {
    "datasets list": (),
    "datasets get": ("ekman1954",),
    "datasets verify": ("kriegeskorte92",),
    "datasets path": ("kriegeskorte92",),
    "models list": (),
    "models show": ("builtin/random",),
    "models layers": ("builtin/gabor",),
    "models catalog": ("--family", "test"),
    "measures": (),
    "extract": ("builtin/gabor", "--stimuli", "dataset:ekman1954", "--out", "acts.npz"),
    "compare": ("m0.npz", "m1.npz", "m2.npz"),
    "dimensionality": ("m0.npz",),
    "score": ("m0.npz", "m1.npz", "builtin/gabor", "builtin/rgbb", *GOAL, *QUICK, "--out", "o"),
    "differences": ("m0.npz", "m1.npz", "m2.npz", *GOAL, *QUICK, "--margin", 0.1),
    "run": ("tiny.toml", "--out", "t"),
    "train": ("tiny.toml", "--out", "t"),
    "sweep": ("tiny.toml", "--dry-run"),
    "dynamics": ("runs",),
    "report": ("o",),
    "demo": ("--offline", "--out", "d"),
}


def names() -> list[str]:
    """Every command as it is typed."""
    found = [c.name or c.callback.__name__ for c in app.registered_commands]
    for group in app.registered_groups:
        inner = group.typer_instance.registered_commands
        found += [f"{group.name} {c.name or c.callback.__name__.strip('_')}" for c in inner]
    return found


@pytest.fixture
def made(run, monkeypatch):
    """Responses under long names, and results of them."""
    from repalign.cli import demo, demo_studies

    def few():
        study = demo_studies.colours()
        return study.model_copy(update={"draws": 20, "permutations": 20})

    monkeypatch.setattr(demo, "colours", few)
    monkeypatch.setattr(demo, "digits", lambda _: few())
    ids = tuple(repalign.dataset("ekman1954").stimuli.ids)
    for k in range(3):
        values = np.random.default_rng(k).normal(size=(14, 6))
        Assembly(values, ids, name=f"{LONG}_{k}").save(f"m{k}.npz")
    training_runs(Path("runs"))
    write_study("tiny.toml")
    run("score", "m0.npz", "builtin/rgb", *GOAL, *QUICK, "--out", "o")


def training_runs(folder: Path) -> None:
    """A baseline, and a run that is off it for one epoch."""
    header = "epoch,train_loss,test_loss,behavioral_rsa_rho,behavioral_rsa_p_value"
    for name, first, off in (("baseline", 1, 0.0), ("training_run3/training_res_run3", 3, 9.0)):
        rows = [f"{e},1,{50 - e + (off if e == first else 0)},{e / 40},0.5" for e in range(first, 21)]
        path = folder / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([header, *rows]) + "\n")


def test_every_command_is_among_those_that_are_tried():
    assert set(names()) == set(COMMANDS)


@pytest.mark.parametrize("width", [80, 60])
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("made")
def test_no_line_of_any_command_is_too_wide(run, monkeypatch, command, width):
    if command in ("models catalog", "run", "train"):
        pytest.importorskip("torch")
    monkeypatch.setenv("COLUMNS", str(width))
    ran = run(*command.split(), *COMMANDS[command])
    assert too_wide(ran.out, width) == []
    assert too_wide(ran.err, width) == []
    assert "\x1b" not in ran.out + ran.err
    assert ran.out or ran.err


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_and_has_one_example_that_is_understood(run, command):
    ran = run(*command.split(), "--help")
    assert (ran.code, ran.err) == (0, "")
    assert widest(ran.out) <= 80
    (example,) = re.findall(r"^ *Example: (repalign .*?) *$", ran.out, re.MULTILINE)
    words = shlex.split(example)
    assert " ".join(words[1:]).startswith(command)
    # An option that does not exist would be refused before the help is shown.
    assert run(*words[1:], "--help").code == 0
    assert run(*words[1:], "--no-such-option", "--help").code == 2


def in_a_terminal(*arguments: str, **variables: str) -> str:
    """What a command prints where standard output is a terminal."""
    main, side = pty.openpty()
    source = str(Path(repalign.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": source, "TERM": "xterm-256color", **variables}
    command = [sys.executable, "-m", "repalign", *arguments]
    with subprocess.Popen(command, stdout=side, stderr=side, env=environment) as process:
        os.close(side)
        printed = b""
        while True:
            try:
                part = os.read(main, 1 << 16)
            except OSError:  # the other side is closed
                break
            if not part:
                break
            printed += part
    os.close(main)
    assert process.returncode == 0, printed.decode()
    return printed.decode()


def test_a_terminal_gets_styles_bars_and_the_same_words(place):
    command = ("score", "builtin/rgb", "builtin/grey", *GOAL, "--draws", "20", "--out", "o")
    seen = in_a_terminal(*command)
    assert "\x1b[1m" in seen
    assert "2 of 2" in seen
    assert "2 scores: 2 computed, 0 found done before, 0 failed" in said(
        re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen)
    )


def test_no_color_is_honoured(place):
    colour = re.compile(r"\x1b\[(?:[0-9;]*;)?(?:3[0-8]|4[0-8]|9[0-7])(?:;[0-9;]*)?m")
    command = ("score", "builtin/rgb", *GOAL, "--draws", "20", "--out")
    assert colour.search(in_a_terminal(*command, "coloured"))
    assert not colour.search(in_a_terminal(*command, "plain", NO_COLOR="1"))
