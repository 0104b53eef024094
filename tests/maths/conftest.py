"""Fixtures of the maths tests."""

from __future__ import annotations

import importlib
import warnings
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def rsatoolbox() -> ModuleType:
    """The reference implementation; what it warns of while importing is not ours to mend."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        importlib.import_module("rsatoolbox.inference")
        return importlib.import_module("rsatoolbox")
