"""What is not read: pickles, code, damaged files, unknown things; and what is missing is named."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr

from repalign.data import FORMATS, RDM, Assembly, read_responses, to_rsatoolbox, to_xarray, write_responses
from repalign.errors import FileError, InputError, UnavailableError, UnknownNameError

IDS = ("cat", "dog", "eel")
ROWS = Assembly(np.random.default_rng(0).random((3, 50)), IDS)


class Boom:
    """Unpickling it leaves a mark."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("name", ["x.pkl", "x.npy", "x.npz", "x.csv", "x.dat"])
@pytest.mark.parametrize("protocol", [2, 5])
def test_a_pickle_is_refused_under_any_name_and_not_run(name, protocol, tmp_path, refused):
    mark = tmp_path / "mark"
    (tmp_path / name).write_bytes(pickle.dumps(Boom(mark), protocol=protocol))
    with refused(FileError, name, "is a pickle"):
        read_responses(tmp_path / name)
    assert not mark.exists()


@pytest.mark.parametrize("name", ["x.npy", "x.npz", "many/a.npz"])
def test_pickled_objects_in_numpy_files_are_refused_and_not_run(name, tmp_path, refused):
    mark, path = tmp_path / "mark", tmp_path / name
    path.parent.mkdir(exist_ok=True)
    save = np.save if name.endswith("y") else np.savez
    save(path, np.array([Boom(mark)], dtype=object), allow_pickle=True)
    with refused(FileError, "pickle"):
        read_responses(path.parent if "many" in name else path)
    assert not mark.exists()


def test_a_zarr_array_that_would_be_unpickled_is_refused(tmp_path, refused):
    write_responses(ROWS, tmp_path / "x.zarr")
    group = zarr.open_group(str(tmp_path / "old.zarr"), mode="w", zarr_format=2)
    group.create_array("data", data=np.eye(3))
    place = tmp_path / "old.zarr" / "data" / ".zarray"
    metadata = json.loads(place.read_text())
    place.write_text(json.dumps({**metadata, "dtype": "|O", "filters": [{"id": "pickle", "protocol": 5}]}))
    (place.parent / "0.0").write_bytes(pickle.dumps(Boom(tmp_path / "mark")))
    with refused(FileError, "'pickle'", "harmless"):
        read_responses(tmp_path / "old.zarr", ids=IDS)
    assert not (tmp_path / "mark").exists()


def test_a_group_of_another_hand_is_read_with_its_ids(tmp_path):
    group = zarr.open_group(str(tmp_path / "x.zarr"), mode="w", zarr_format=2)
    group.create_array("features", data=ROWS.array())
    group.create_array("ids", data=np.array(IDS))
    assert read_responses(tmp_path / "x.zarr").digest == ROWS.digest


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("suffix", [".npz", ".nc", ".h5", ".npy", ".zarr"])
def test_a_truncated_file_is_refused_with_its_name(suffix, share, tmp_path, refused):
    path = write_responses(ROWS, tmp_path / f"x{suffix}")
    part = path / "data" / "zarr.json" if suffix == ".zarr" else path
    part.write_bytes(part.read_bytes()[: int(share * part.stat().st_size)])
    with refused(FileError, "x" + suffix):
        read_responses(path)


@pytest.mark.parametrize("what", ["nothing", "x.xyz", "folder"])
def test_what_is_unknown_is_named(what, tmp_path, refused):
    (tmp_path / "x.xyz").write_text("hello")
    (tmp_path / "folder").mkdir()
    with refused(FileError, what, "does not exist" if what == "nothing" else "none of the known formats"):
        read_responses(tmp_path / what)
    with refused(UnknownNameError, "'net2brian'"):
        read_responses(tmp_path / what, format="net2brian")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", ["x.xyz", "folder"])
def test_a_wrongly_named_format_is_refused_without_a_traceback(form, name, tmp_path):
    (tmp_path / "x.xyz").write_text("hello")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=form):
        read_responses(tmp_path / name, format=form, ids=IDS)


EXTRAS = [("x.nc", "netCDF4"), ("x.nc", "xarray"), ("x.zarr", "zarr"), ("x.h5", "h5py")]


@pytest.mark.parametrize(("name", "package"), EXTRAS)
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    name, package, tmp_path, monkeypatch, refused
):
    write_responses(ROWS, tmp_path / name)
    monkeypatch.setitem(sys.modules, package, None)
    with refused(UnavailableError, package):
        write_responses(ROWS, tmp_path / f"new-{name}")
    if package != "xarray":
        with pytest.raises(UnavailableError, match=r"pip install 'repalign\[neuro\]'"):
            read_responses(tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(("call", "package"), [(to_xarray, "xarray"), (to_rsatoolbox, "rsatoolbox")])
def test_objects_of_a_missing_package_cannot_be_made(call, package, monkeypatch, refused):
    for module in [m for m in sys.modules if m.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    with refused(UnavailableError, package):
        call(RDM(np.ones(3), IDS))


def test_importing_the_data_room_imports_none_of_them():
    heavy = ("xarray", "zarr", "netCDF4", "h5py", "rsatoolbox", "torch", "pandas", "scipy")
    code = f"import sys, repalign.data; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_format_is_in_the_documentation():
    page = (Path(__file__).parents[3] / "docs" / "interchange.md").read_text(encoding="utf-8")
    assert [name for name in FORMATS if f"| `{name}` |" not in page] == []
