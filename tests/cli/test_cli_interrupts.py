"""Ctrl-C at any instant from the first import on: a word, code 130, no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from repalign.cli.interrupts import STOPPED, stops_at_once

# The process sends itself the signal while it loads: when a module of this name is first looked for.
AT = """
import os, signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
"""


@pytest.mark.parametrize(
    "name", ["typer", "rich.console", "numpy._core.multiarray", "repalign.benchmarks", "scipy"]
)
def test_while_libraries_are_loaded_it_ends_with_a_word_and_no_traceback(start, name):
    process = start("models", "list", before=AT.format(name=name))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (STOPPED, "")
    assert err.startswith("stopped")
    assert len(err.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.parametrize("after", [0.08, 0.15, 0.25, 0.4, 0.6, 0.8])
def test_whenever_it_comes_there_is_no_traceback(start, after):
    process = start("score", "builtin/rgb", "--benchmark", "ekman1954/similarity", "--draws", 100000)
    time.sleep(after)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    assert process.returncode in (0, STOPPED)


def test_afterwards_the_handler_is_the_one_from_before():
    before = signal.getsignal(signal.SIGINT)
    with stops_at_once():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_a_handler_of_somebody_else_is_left_alone(monkeypatch):
    def ours(*_):
        pass

    before = signal.signal(signal.SIGINT, ours)
    try:
        with stops_at_once():
            assert signal.getsignal(signal.SIGINT) is ours
    finally:
        signal.signal(signal.SIGINT, before)


def test_it_can_be_imported_in_a_thread():
    caught = []

    def imported():
        try:
            with stops_at_once():
                pass
        except BaseException as error:
            caught.append(error)

    thread = threading.Thread(target=imported)
    thread.start()
    thread.join()
    assert caught == []


def test_a_program_that_imports_the_command_line_keeps_its_own_ctrl_c():
    code = "import signal, repalign.cli; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
