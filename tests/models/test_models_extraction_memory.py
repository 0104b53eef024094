"""What an extraction needs is said before it runs, kept to while it runs, refused where it is too much."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from extraction_models import STIMULI, Counting

from repalign.errors import InputError
from repalign.models import Need, extract, memory

SCRIPT = """
import resource, sys, threading, time
from pathlib import Path
import numpy as np
from repalign.data import StimulusSet
from repalign.models import extract
sys.path.insert(0, {here!r})
from extraction_models import Counting

n, width, batch = {n}, {width}, 64
class Large(Counting):
    def respond(self, batch, layers):
        return {{layer: np.full((len(batch), width), batch[0][0], np.float32) for layer in layers}}

def anonymous():
    # What the process holds itself: the page cache of written files does not count.
    fields = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    return 1024 * int(fields["RssAnon"].split()[0])

images = np.zeros((n, 8, 8, 3), np.uint8)
stimuli = StimulusSet.from_arrays([str(i) for i in range(n)], images=images)
said, peak = [], [0]
extract(Large(), stimuli.select(stimuli.ids[:2]), "wide")
before = anonymous()
def watch():
    while True:
        peak[0] = max(peak[0], anonymous())
        time.sleep(0.002)
threading.Thread(target=watch, daemon=True).start()
found = extract(Large(), stimuli, "wide", batch_size=batch, store=Path({store!r}), announce=said.append)
assert found.values.shape == (n, width)
print(peak[0] - before, said[0].memory, said[0].values)
"""


def measured(store: Path, n: int, width: int) -> tuple[int, int, int]:
    script = SCRIPT.format(here=str(Path(__file__).parent), n=n, width=width, store=str(store))
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    grown, announced, values = map(int, done.stdout.split())
    return grown, announced, values


def test_memory_stays_within_the_announcement(tmp_path):
    grown, announced, values = measured(tmp_path, 600, 100_000)
    assert values == 600 * 100_000 * 4
    assert grown <= announced < values


@pytest.mark.slow
def test_memory_stays_within_the_announcement_for_a_layer_of_alexnets_first_size(tmp_path):
    grown, announced, values = measured(tmp_path, 2000, 290_400)
    assert values == 2_323_200_000
    assert grown <= announced < values / 10


def test_the_announcement_says_what_is_held():
    said: list[Need] = []
    found = extract(Counting(), STIMULI, announce=said.append)
    labels = sum(label.nbytes for label in found.units.values())
    assert (said[0].values, said[0].labels) == (found.values.nbytes, labels)
    assert str(said[0]).startswith("50 stimuli x 47 units of 2 layers (float32): ")


def test_what_does_not_fit_is_refused_with_ways_out(tmp_path):
    model = Counting()
    with pytest.raises(InputError, match=r"at most 1\.0 kB of memory may be used") as caught:
        extract(model, STIMULI, max_memory=1000)
    assert model.shown == [1]
    assert all(way in caught.value.hint for way in ("store=True", "fewer layers", "srp:4096"))
    with pytest.raises(InputError) as caught:
        extract(model, STIMULI, max_memory=1000, store=tmp_path)
    assert "smaller batch_size" in caught.value.hint
    assert not list(tmp_path.glob("*"))


def test_the_store_takes_what_memory_cannot(tmp_path):
    said: list[Need] = []
    whole = extract(Counting(), STIMULI, announce=said.append, batch_size=2)
    limit = said[0].memory - 1
    with pytest.raises(InputError):
        extract(Counting(), STIMULI, batch_size=2, max_memory=limit)
    kept = extract(Counting(), STIMULI, batch_size=2, max_memory=limit, store=tmp_path)
    np.testing.assert_array_equal(kept.array(), whole.values)


def test_the_default_limit_is_a_share_of_what_is_available(monkeypatch):
    said: list[Need] = []
    extract(Counting(), STIMULI, announce=said.append)
    for free, fits in ((said[0].memory * 1.3, True), (said[0].memory * 1.2, False), (None, True)):
        monkeypatch.setattr(memory, "available", lambda free=free: free)
        if fits:
            extract(Counting(), STIMULI)
        else:
            with pytest.raises(InputError, match="of memory may be used"):
                extract(Counting(), STIMULI)


def test_available_memory_is_less_than_there_is():
    free = memory.available()
    assert free is not None
    assert 0 < free < 1 << 50


@pytest.mark.parametrize(
    ("n_bytes", "words"), [(999, "999 bytes"), (1500, "1.5 kB"), (2.3e6, "2.3 MB"), (1.25e12, "1,250.0 GB")]
)
def test_bytes_in_words(n_bytes, words):
    assert memory.in_words(n_bytes) == words
