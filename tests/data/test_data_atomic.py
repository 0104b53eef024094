"""What a reader finds after a kill or on a full disk: all of a file, or what was there before."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from repalign.data import ScoreTable, read_arrays, remove_partials

# argv: what to write, where. Version v of a file holds v and nothing but v.
WRITER = """
import itertools, sys
from pathlib import Path
import numpy as np
from repalign.data import Score, ScoreTable, write_bytes
from repalign.data.files import write_arrays
what, path = sys.argv[1], Path(sys.argv[2])
row = dict(model="m", target="t", measure="s")
scores = lambda v: ScoreTable([Score(**row, value=v, epoch=i) for i in range(500)])
write = {
    "bytes": lambda v: write_bytes(path, bytes([v]) * 3_000_000),
    "npz": lambda v: write_arrays(path, {"x": np.full(300_000, v)}, {"v": v}),
    "parquet": lambda v: scores(v).to_parquet(path),
}[what]
for version in itertools.cycle(range(200)):
    write(version)
"""

# argv: what to write, where. The limit stands in for a disk with room for 64 KiB.
FULL = """
import json, resource, signal, sys
from pathlib import Path
import numpy as np
from repalign.data import Assembly, Score, ScoreTable, StimulusSet, write_bytes
from repalign.errors import StorageError
what, path = sys.argv[1], Path(sys.argv[2])
x = np.random.default_rng(0).random((100, 300))
table = ScoreTable([Score(model="m", target="t", measure="s", value=v) for v in x.ravel()])
pictures = [np.zeros((200, 200, 3), dtype=np.uint8)]
write = {
    "bytes": lambda: write_bytes(path, bytes(200_000)),
    "npz": lambda: Assembly(x).save(path),
    "parquet": lambda: table.to_parquet(path),
    "csv": lambda: table.to_csv(path),
    "stimuli": lambda: StimulusSet.from_arrays(["a"], images=pictures).save(path.parent),
}[what]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
try:
    write()
except StorageError as error:
    print(json.dumps(error.as_dict()))
"""


def whole_version(what: str, path: Path) -> bool:
    """Whether the file is one of the versions, from beginning to end."""
    if what == "bytes":
        content = path.read_bytes()
        return content == content[:1] * 3_000_000
    if what == "npz":
        arrays, header = read_arrays(path, what)
        return arrays["x"].shape == (300_000,) and bool((arrays["x"] == header["v"]).all())
    table = ScoreTable.from_parquet(path)
    return [row.epoch for row in table] == list(range(500)) and len({row.value for row in table}) == 1


@pytest.mark.parametrize(("what", "kills"), [("bytes", 10), ("npz", 4), ("parquet", 4)])
def test_a_writer_killed_at_any_instant_leaves_a_whole_file(what: str, kills: int, tmp_path) -> None:
    path, delays = tmp_path / "a", np.random.default_rng(7).uniform(0, 0.05, kills)
    for delay in delays:
        path.unlink(missing_ok=True)
        writer = subprocess.Popen([sys.executable, "-c", WRITER, what, str(path)])
        try:
            deadline = time.monotonic() + 20
            while not path.exists() and time.monotonic() < deadline:
                time.sleep(0.001)
            time.sleep(delay)
        finally:
            writer.kill()
            writer.wait()
        assert whole_version(what, path)
    remove_partials(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("what", ["bytes", "npz", "parquet", "csv", "stimuli"])
def test_a_disk_that_fills_up_is_said_and_leaves_nothing_half_written(what: str, tmp_path) -> None:
    pytest.importorskip("resource")
    path = tmp_path / "out" / "a"
    path.parent.mkdir()
    path.write_bytes(b"old")
    command = [sys.executable, "-W", "error", "-c", FULL, what, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    error = json.loads(done.stdout)
    assert error["kind"] == "storage"
    assert error["hint"]
    assert path.read_bytes() == b"old"
    assert [p.name for p in path.parent.rglob("*") if p.is_file()] == ["a"]
