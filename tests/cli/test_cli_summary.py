"""The last lines of a command can be copied into a shell as they stand."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from text_for_tests import commands, part_after, too_wide, widest

from repalign.cli.summary import command_lines, counts, in_time, number, print_summary

LONG = (
    "repalign",
    "score",
    "builtin/rgb",
    "--stimuli",
    "my own images",
    "--target",
    "it's.npz",
    "--out",
    "a b",
)


@pytest.mark.parametrize("width", [20, 40, 70, 200])
@pytest.mark.parametrize("words", [LONG, ("repalign", "report", "results"), ("repalign", "demo")])
def test_a_command_is_read_back_word_for_word_by_a_shell(width, words):
    text = "\n".join(command_lines(words, width))
    read = subprocess.run(
        ["/bin/sh", "-c", f"printf '%s\\0' {text}"], capture_output=True, text=True, check=True
    )
    assert tuple(read.stdout.split("\0")[:-1]) == words
    assert text.count("\\\n") == len(text.splitlines()) - 1


def test_an_option_stays_with_its_value():
    for line in command_lines(LONG, 40)[1:]:
        assert line.lstrip().startswith("--")


@pytest.mark.parametrize("width", [40, 60, 80])
def test_it_fits_and_names_what_where_and_next(capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    done = counts("score", computed=10, found=2, failed=1, seconds=125)
    print_summary(done, ["results", "other"], [LONG, "a sentence to read, " * 4])
    out = capsys.readouterr().out
    assert widest(out) <= width
    assert " ".join(part_after(out, "Done")) == done
    assert part_after(out, "Results") == ["results", "other"]
    assert shlex.split(commands(part_after(out, "Next"))[0]) == list(LONG)


def test_a_path_that_is_too_long_has_a_line_of_its_own(capsys):
    path = "/" + "/".join(["a folder"] * 20)
    print_summary("all", [path], ["file:///" + "x" * 100])
    out = capsys.readouterr().out
    assert path in out.splitlines()
    assert "file:///" + "x" * 100 in out.splitlines()
    assert too_wide(out.replace(path, ""), 80) == []


def test_counts_add_up_in_words():
    text = counts("score", computed=1, found=0, failed=0, seconds=0.04)
    assert text == "1 score: 1 computed, 0 found done before, 0 failed, in 0.0 s"
    assert [number(n, "stimuli") for n in (1, 1200)] == ["1 stimulus", "1,200 stimuli"]
    assert [number(n, "file") for n in (0, 1)] == ["0 files", "1 file"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (185, "3 min 05 s"),
     (3599.6, "1 h 00 min"), (7800, "2 h 10 min")],
)  # fmt: skip
def test_times_are_read_by_people(seconds, words):
    assert in_time(seconds) == words
