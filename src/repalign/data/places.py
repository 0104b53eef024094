"""Where repalign keeps what it writes without being given a place: ``REPALIGN_HOME``."""

from __future__ import annotations

import os
from pathlib import Path

DEFAULT_HOME = "~/.cache/repalign"


def data_home() -> Path:
    """The folder that repalign may write to: ``REPALIGN_HOME``, by default ``~/.cache/repalign``.

    Downloads go to ``data/OWNER+REPO/path`` below it, extracted responses to ``activations/KEY``. The
    folder is made when something is written.
    """
    return Path(os.environ.get("REPALIGN_HOME") or DEFAULT_HOME).expanduser()
