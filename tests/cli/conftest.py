"""The command line in this process and in a terminal of its own, with an empty home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import repalign
from repalign.cli import main


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    def error(self) -> dict[str, str]:
        """The error, as ``--json`` must give it: three texts, and nothing like a traceback."""
        assert "Traceback" not in self.out + self.err
        found = self.json
        assert set(found) == {"error"}
        assert set(found["error"]) == {"kind", "message", "hint"}
        assert all(isinstance(text, str) and text for text in found["error"].values())
        return found["error"]


Run = Callable[..., Ran]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with an empty REPALIGN_HOME below it and no REPALIGN_DATA."""
    monkeypatch.setenv("REPALIGN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("REPALIGN_DATA", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process."""

    def ran(*arguments: object) -> Ran:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Ran(int(end.value.code or 0), printed.out, printed.err)

    return ran


@pytest.fixture
def start() -> Callable[..., subprocess.Popen[str]]:
    """Start a command in a session of its own; ``before`` is Python to run first."""

    def started(*arguments: object, before: str = "") -> subprocess.Popen[str]:
        source = str(Path(repalign.__file__).parents[1])
        code = ["-c", f"{before}\nfrom repalign.cli import main\nmain()"] if before else ["-m", "repalign"]
        return subprocess.Popen(
            [sys.executable, *code, *map(str, arguments)],
            env={**os.environ, "PYTHONPATH": source},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return started
