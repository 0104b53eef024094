"""An extraction in a process of its own, to be killed: FOLDER SECONDS_PER_BATCH."""

from __future__ import annotations

import sys
from pathlib import Path

from extraction_models import STIMULI, Counting

from repalign.models import extract, store_partial

store_partial.SECONDS = 0.0
extract(
    Counting(seconds=float(sys.argv[2])),
    STIMULI,
    batch_size=4,
    store=Path(sys.argv[1]),
    announce=lambda said: sys.stdout.write(f"{said}\n"),
)
sys.stdout.write("done\n")
