"""Units of work, as workers import them by name."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from repalign.errors import TooFewError

Spec = dict[str, Any]


def write(spec: Spec, path: Path, **locations: str) -> None:
    path.write_text(json.dumps(spec, sort_keys=True))


def counted(spec: Spec, path: Path, calls: str) -> None:
    with Path(calls).open("a") as handle:
        handle.write(f"{spec['i']}\n")
    write(spec, path)


def slow(spec: Spec, path: Path, seconds: str) -> None:
    for _ in range(3):
        time.sleep(float(seconds) / 3)
        with path.open("a") as handle:
            handle.write(f"a third of {spec['i']}\n")


def refuses(spec: Spec, path: Path) -> None:
    path.write_text("half")
    raise TooFewError("3 stimuli", hint="Add some.")


def buggy(spec: Spec, path: Path) -> None:
    path.write_text("half")
    raise ZeroDivisionError("a bug")


def leaves(spec: Spec, path: Path) -> None:
    sys.exit(3)


def lacks_a_file(spec: Spec, path: Path) -> None:
    Path("no-such-input").read_bytes()


def writes_nothing(spec: Spec, path: Path) -> None:
    return


def exits(spec: Spec, path: Path) -> None:
    path.write_text("half")
    os._exit(9)


def killed(spec: Spec, path: Path) -> None:
    path.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)


def interrupted(spec: Spec, path: Path) -> None:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.01)
    write(spec, path)


def refuses_once(spec: Spec, path: Path, flag: str) -> None:
    if not Path(flag).exists():
        raise TooFewError("not yet", hint="Come again.")
    write(spec, path)


def threads(spec: Spec, path: Path) -> None:
    import numpy as np
    from threadpoolctl import threadpool_info

    np.ones((4, 4)) @ np.ones((4, 4))
    path.write_text(json.dumps([pool["num_threads"] for pool in threadpool_info()]))
