"""Progress: the same words as bars and as lines; time left from what was computed; nothing on stdout."""

from __future__ import annotations

import io
import sys
from itertools import pairwise
from types import SimpleNamespace

import pytest
from rich.console import Console
from text_for_tests import widest

from repalign.cli import pace as pace_module
from repalign.cli import progress as progress_module
from repalign.cli.pace import BYTES, Pace, Step
from repalign.cli.progress import EVERY, Lines, Tracker, progress
from repalign.execution import Outcome, Unit


@pytest.fixture
def clock(monkeypatch):
    """Time that passes only when a test says so."""
    now = SimpleNamespace(at=100.0)
    for module in (pace_module, progress_module):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now.at))
    return now


class Kept:
    """A screen that keeps what it is shown."""

    def __init__(self):
        self.steps = []

    def show(self, step):
        self.steps.append(step)


def outcome(seconds=1.0, *, label="builtin/rgb on a/b by c", error=None, **spec):
    return Outcome(Unit("a:b", spec, label=label), error, seconds)


def test_time_left_of_an_extraction_does_not_count_what_an_earlier_run_left(clock):
    screen = Kept()
    tracker = Tracker(screen)
    for done in (664, 764, 864):  # 600 were there when it began
        tracker.stimuli("timm/net(weights=abc)", done, 1064)
        clock.at += 2.0
    assert [step.words() for step in screen.steps] == [
        "664 of 1,064 stimuli",
        "764 of 1,064 stimuli, 50/s, 6 s left",
        "864 of 1,064 stimuli, 50/s, 4 s left",
    ]
    assert {step.what for step in screen.steps} == {"timm/net"}


def test_time_left_of_a_download_does_not_count_files_that_were_here(clock):
    screen, mega = Kept(), 1_000_000
    report = Tracker(screen).bytes_of("set")
    report(50 * mega, 100 * mega)  # one whole file at once: it lay on the disk
    for k in range(1, 11):
        clock.at += 0.1
        report(50 * mega + k * 50_000, 100 * mega)
    assert screen.steps[-1].words() == "50.5 of 100.0 MB, 0.5 MB/s, 1 min 39 s left"
    report(99 * mega, 100 * mega)  # another file that was here
    assert screen.steps[-1].rate == pytest.approx(500_000)


def test_files_that_are_only_verified_show_no_download(clock):
    screen = Kept()
    report = Tracker(screen).bytes_of("set", before=[400, 900])
    for done in (10_000_000, 20_000_000, 20_000_400, 20_001_300, 30_000_000):
        clock.at += 1.0
        report(done, 30_000_000)
    assert screen.steps == []


def test_units_tell_what_took_how_long_and_views_begin_anew(clock):
    screen = Kept()
    tracker = Tracker(screen)
    clock.at += 60  # an extraction before the first unit is no part of the units
    tracker.units(outcome(4.0), 1, 3)
    clock.at += 2.0
    tracker.units(outcome(2.0), 2, 3)
    clock.at += 3.0
    tracker.units(outcome(3.0, error={"message": "no", "hint": ""}), 3, 3)
    clock.at += 50
    tracker.units(outcome(1.0, view="geometry"), 1, 2)
    assert [step.words() for step in screen.steps] == [
        "1 of 3, 4.0 s elapsed, 8 s left",
        "2 of 3, 6.0 s elapsed, 3 s left",
        "3 of 3, 9.0 s elapsed",
        "1 of 2, 1.0 s elapsed, 1 s left",
    ]
    assert [step.what for step in screen.steps] == ["scores", "scores", "scores", "views"]
    assert screen.steps[2].about.startswith("failed: builtin/rgb")


def test_settings_and_folders_of_a_model_are_left_out_of_its_label(clock):
    screen = Kept()
    label = "onnx//a/b/net.onnx(size=3, weights=x/y) on images/rdm by rsa"
    Tracker(screen).units(outcome(label=label), 1, 1)
    assert screen.steps[0].about == "onnx/net.onnx on images/rdm by rsa"


def test_lines_come_at_most_every_two_seconds_and_close_what_they_began(clock, capsys):
    lines, times = Lines(80), []
    for k in range(1, 101):
        clock.at += 0.3
        lines.show(Step("net", k, 100, "stimuli", 3.0))
        if capsys.readouterr().err:
            times.append(clock.at)
    assert times[0] == pytest.approx(100.3)
    assert times[-1] == pytest.approx(130)  # the last one is told, as others were
    assert all(later - earlier >= EVERY - 1e-9 for earlier, later in pairwise(times[:-1]))
    assert len(times) > 10
    lines.show(Step("quick", 5, 5, "stimuli"))  # was done before a line was due
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("width", [60, 80])
def test_no_line_of_progress_is_too_wide(clock, capsys, width):
    lines = Lines(width)
    for step in (
        Step("timm/" + "a_very_long_name" * 6, 123, 45678, "stimuli", 12.3),
        Step("scores", 11, 12, "", 0.001, 7000.0, "checkpoint/" + "long" * 20),
        Step("things-behaviour", 10**9, 10**11, BYTES, 1e6),
    ):
        clock.at += 3.0
        lines.show(step)
    err = capsys.readouterr().err
    assert err.count("\n") == 3
    assert widest(err) <= width


def test_what_a_model_prints_meanwhile_goes_to_standard_error(capsys):
    with progress("scoring"):
        sys.stdout.write("hello from a model\n")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "hello from a model" in printed.err


@pytest.mark.parametrize("width", [60, 80])
def test_on_a_terminal_there_are_bars_in_the_same_words_that_leave_nothing_behind(monkeypatch, clock, width):
    screen = io.StringIO()
    out = Console(file=screen, force_terminal=True, width=width, color_system=None)
    monkeypatch.setattr(progress_module, "console", lambda stderr: out)
    with progress("scoring") as shown:
        shown.stimuli("timm/net", 64, 1000)
        clock.at += 1.0
        shown.stimuli("timm/net", 164, 1000)
        shown._screen.refresh()
        shown.stimuli("timm/net", 1000, 1000)
        shown.units(outcome(2.0), 1, 2)
        shown._screen.refresh()
    drawn = screen.getvalue()
    assert "164 of 1,000 stimuli, 100/s, 8 s left" in drawn
    assert "1 of 2, 2 s left" in drawn
    assert "0:00:00" in drawn  # the clock
    frames = drawn.replace("\x1b[2K", "\n").replace("\r", "\n")
    assert widest(frames.replace("\x1b[1A", "").replace("\x1b[?25l", "").replace("\x1b[?25h", "")) <= width
    assert drawn.rstrip("\x1b[?25h").endswith("\x1b[2K")  # the bars are wiped away


def test_a_terminal_that_cannot_move_its_cursor_gets_lines(monkeypatch, capsys):
    out = Console(file=io.StringIO(), force_terminal=True, width=80, _environ={"TERM": "dumb"})
    monkeypatch.setattr(progress_module, "console", lambda stderr: out)
    with progress("scoring") as shown:
        shown.units(outcome(2.0), 1, 2)
    assert capsys.readouterr().err.startswith("scores: 1 of 2, 2.0 s elapsed, 2 s left (builtin/rgb on")


def test_a_pace_is_unknown_before_two_reports():
    pace = Pace()
    assert pace.rate == 0.0
    pace(500)
    assert pace.rate == 0.0
