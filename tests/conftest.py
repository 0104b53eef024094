"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of published data named by REPALIGN_DATA; tests that need it are skipped without."""
    named = os.environ.get("REPALIGN_DATA")
    if not named or not Path(named).is_dir():
        pytest.skip("needs REPALIGN_DATA")
    return Path(named)


@pytest.fixture
def one_thread():
    """Small networks of torch on one thread."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
