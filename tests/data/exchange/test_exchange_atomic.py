"""A full disk or a failure leaves what was there before, and nothing half-written."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from repalign.data import Assembly, read_responses, write_responses
from repalign.errors import StorageError

PATHS = [
    ("npz", "x.npz"),
    ("npy", "folder"),
    ("npy", "x.npy"),
    ("csv", "x.csv"),
    ("thingsvision", "folder"),
    ("netcdf", "x.nc"),
    ("zarr", "x.zarr"),
    ("rsatoolbox", "x.h5"),
]
SMALL = Assembly(np.eye(2), ("a", "b"), name="x")

# argv: the format, where. The limit stands in for a disk with room for 64 KiB.
FULL = """
import json, resource, signal, sys
import numpy as np
from repalign.data import Assembly, write_responses
from repalign.errors import StorageError
big = Assembly(np.random.default_rng(0).random((100, 300)), tuple(f"i{k}" for k in range(100)))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))
try:
    write_responses(big, sys.argv[2], format=sys.argv[1])
except StorageError as error:
    print(json.dumps(error.as_dict()))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
@pytest.mark.parametrize(("form", "name"), PATHS)
def test_a_full_disk_keeps_what_was_there(form, name, tmp_path):
    path = write_responses(SMALL, tmp_path / name, format=form)
    before = sorted(p.name for p in tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, "-c", FULL, form, str(path)], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["kind"] == "storage"
    assert read_responses(path).digest == SMALL.digest
    assert sorted(p.name for p in tmp_path.iterdir()) == before


@pytest.mark.parametrize(("form", "name"), PATHS)
def test_writing_again_replaces_all_of_it(form, name, tmp_path):
    larger = Assembly(np.arange(12.0).reshape(4, 3), ("c", "d", "e", "f"))
    path = tmp_path / name
    for responses in (larger, SMALL, larger):
        write_responses(responses, path, format=form)
        assert read_responses(path).digest == responses.digest
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize(("form", "name"), PATHS)
def test_a_folder_that_may_not_be_written_to_is_named(form, name, tmp_path, refused):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    with refused(StorageError, "locked"):
        write_responses(SMALL, locked / name, format=form)


@pytest.mark.parametrize("form", ["npy", "thingsvision", "zarr"])
def test_a_folder_or_file_of_another_kind_is_not_replaced(form, tmp_path, refused):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.md").write_text("keep")
    (tmp_path / "file").write_text("keep")
    for name in ("mine", "file"):
        with refused(StorageError, name, "holds other things"):
            write_responses(SMALL, tmp_path / name, format=form)
    assert (tmp_path / "mine" / "notes.md").read_text() == (tmp_path / "file").read_text() == "keep"
