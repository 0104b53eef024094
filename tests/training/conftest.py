"""Problems for the trainer can be imported by tests and by the processes that they start."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def small_and_alone(one_thread):
    """Several test processes would else stand in each other's way."""
