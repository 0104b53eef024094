"""Downloads: right or not at all, bounded, resumable, and clear about what went wrong."""

from __future__ import annotations

import errno
import hashlib
import resource
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from local_site import CONTENT, Site

import repalign.datasets.partial as partial_module
from repalign.datasets import fetch, obtain, verified
from repalign.datasets.places import destination
from repalign.errors import DownloadError, FileError, StorageError, UnavailableError, VerificationError

FAST = {"pause": 0.0, "read_timeout": 5.0}


def leftovers(place: Path) -> list[str]:
    return sorted(p.name for p in place.parent.iterdir() if p != place) if place.parent.is_dir() else []


@pytest.mark.parametrize(
    ("manner", "requests"),
    [
        ("right", [None]),
        ("breaks-off-once", [None, "bytes=4000-"]),
        ("ignores-range", [None, "bytes=4000-"]),
        ("refuses-range", [None, "bytes=4000-", None]),
        ("busy-once", [None, None]),
        ("drops-once", [None, None]),
        ("undeclared", [None]),
        ("slow", [None]),
        ("compresses", [None]),
    ],
)
def test_whatever_the_server_does_the_file_is_whole_and_alone(
    site: Site, home: Path, manner: str, requests: list[str | None]
) -> None:
    site.manner = manner
    if manner == "refuses-range":
        site.cut = 4000
    place = fetch(site.file(), attempts=3, **FAST)
    assert place == home / "data/owner+repo/folder/table.bin"
    assert place.read_bytes() == CONTENT
    assert leftovers(place) == []
    assert site.ranges == requests


def test_only_missing_bytes_are_asked_for_after_a_break(site: Site) -> None:
    site.manner = "breaks-off-once"
    fetch(site.file(), **FAST)
    assert site.sent == len(CONTENT)


def test_a_connection_that_keeps_breaking_is_given_up_and_resumed_by_the_next_call(site: Site) -> None:
    site.manner, site.cut = "breaks-off", 1000
    with pytest.raises(DownloadError, match=r"2 attempts .*2000 of 10240 bytes are here"):
        fetch(site.file(), attempts=2, **FAST)
    site.manner = "right"
    assert fetch(site.file(), **FAST).read_bytes() == CONTENT
    assert site.ranges == [None, "bytes=1000-", "bytes=2000-"]


def test_a_killed_download_resumes_where_it_stopped(site: Site, home: Path) -> None:
    site.manner = "stalls"
    part = home / "data/owner+repo/folder/table.bin.part"
    code = (
        "import sys; from repalign.datasets import RemoteFile, fetch\n"
        "fetch(RemoteFile.model_validate_json(sys.argv[1]), pause=0)"
    )
    child = subprocess.Popen([sys.executable, "-c", code, site.file().model_dump_json()])
    try:
        deadline = time.monotonic() + 20
        while not (part.is_file() and part.stat().st_size == site.cut) and time.monotonic() < deadline:
            time.sleep(0.02)
    finally:
        child.kill()
        child.wait()
    assert not part.with_suffix("").exists()
    site.manner, before = "right", site.sent
    assert fetch(site.file(), **FAST).read_bytes() == CONTENT
    assert (site.ranges[-1], site.sent - before) == (f"bytes={site.cut}-", len(CONTENT) - site.cut)


def test_content_that_is_not_the_cards_is_refused_with_both_hashes(site: Site) -> None:
    site.content = bytes(len(CONTENT))
    file = site.file()
    with pytest.raises(VerificationError) as caught:
        fetch(file, **FAST)
    assert file.sha256 in str(caught.value)
    assert hashlib.sha256(site.content).hexdigest() in str(caught.value)
    assert leftovers(destination(file)) == []
    assert not destination(file).exists()


@pytest.mark.parametrize("manner", ["right", "undeclared"])
@pytest.mark.parametrize("factor", [2, 100_000])
def test_a_body_longer_than_the_card_is_cut_off(site: Site, manner: str, factor: int) -> None:
    site.manner, site.content = manner, CONTENT + bytes(100 * factor)
    with pytest.raises(VerificationError, match="where the card says 10240"):
        fetch(site.file(), **FAST)
    assert not destination(site.file()).exists()
    assert leftovers(destination(site.file())) == []
    assert site.sent < 9_000_000


def test_a_shorter_file_is_not_taken_for_a_broken_connection(site: Site) -> None:
    site.content = CONTENT[:-1]
    with pytest.raises(VerificationError, match="offers 10239 bytes where the card says 10240"):
        fetch(site.file(), **FAST)
    assert len(site.ranges) == 1


def test_a_missing_page_names_status_and_address_and_is_not_asked_for_again(site: Site) -> None:
    site.manner = "missing"
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1.*table\.bin answered with status 404"):
        fetch(site.file(), **FAST)
    assert len(site.ranges) == 1


def test_a_dribbling_server_is_given_up(site: Site) -> None:
    site.manner = "dribbles"
    began = time.monotonic()
    with pytest.raises(DownloadError, match="at least 1000 are expected"):
        fetch(site.file(), min_rate=1000, window=0.2, **FAST)
    assert time.monotonic() - began < 2


def test_a_silent_server_is_given_up(site: Site) -> None:
    site.manner = "stalls"
    with pytest.raises(DownloadError, match="did not deliver in 2 attempts"):
        fetch(site.file(), attempts=2, pause=0, read_timeout=0.2)


def test_without_a_server_the_error_is_at_once_and_says_where_to_put_the_file(home: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    file = Site(port=port).file()
    with pytest.raises(DownloadError, match="cannot be reached") as caught:
        fetch(file, pause=60)
    assert str(home / "data/owner+repo/folder/table.bin") in caught.value.hint
    assert "REPALIGN_DATA" in caught.value.hint


def test_without_name_resolution_the_error_is_at_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    file = Site().file().model_copy(update={"url": "http://nowhere.invalid/table.bin"})
    with pytest.raises(DownloadError, match=r"nowhere\.invalid.* cannot be reached"):
        fetch(file, pause=60)


def test_a_full_disk_is_a_storage_error_and_what_arrived_is_kept(site: Site) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, hard))
        with pytest.raises(StorageError, match="the disk is full"):
            fetch(site.file(), **FAST)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not destination(site.file()).exists()
    fetch(site.file(), **FAST)
    assert site.ranges == [None, "bytes=3000-"]


def test_a_home_that_is_no_folder_is_a_storage_error(site: Site, home: Path) -> None:
    home.write_text("not a folder")
    with pytest.raises(StorageError):
        fetch(site.file(), **FAST)


def test_a_damaged_part_costs_a_second_download_and_no_error(site: Site) -> None:
    place = destination(site.file())
    place.parent.mkdir(parents=True)
    place.with_name("table.bin.part").write_bytes(bytes(5000))
    assert fetch(site.file(), **FAST).read_bytes() == CONTENT
    assert site.ranges == ["bytes=5000-", None]


@pytest.mark.parametrize("length", [len(CONTENT), len(CONTENT) + 1])
def test_a_part_at_least_as_long_as_the_file_is_no_obstacle(site: Site, length: int) -> None:
    place = destination(site.file())
    place.parent.mkdir(parents=True)
    place.with_name("table.bin.part").write_bytes((CONTENT + b"x")[:length])
    assert fetch(site.file(), **FAST).read_bytes() == CONTENT
    assert site.ranges == ([] if length == len(CONTENT) else [None])


def test_fetching_again_asks_nobody_and_repairs_a_damaged_file(site: Site) -> None:
    place = fetch(site.file(), **FAST)
    fetch(site.file(), **FAST)
    assert len(site.ranges) == 1
    place.write_bytes(bytes(len(CONTENT)))
    assert fetch(site.file(), **FAST).read_bytes() == CONTENT


def test_several_at_once_download_once(site: Site) -> None:
    site.manner = "slow"
    places: list[Path] = []
    threads = [threading.Thread(target=lambda: places.append(fetch(site.file(), **FAST))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [p.read_bytes() for p in places] == [CONTENT] * 4
    assert site.sent == len(CONTENT)
    assert leftovers(places[0]) == []


def test_a_part_that_another_process_finished_meanwhile_is_not_written_to(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, calls = partial_module.fcntl.flock, list[object]()

    def finished_just_before(handle: object, how: int) -> None:
        calls.append(handle)
        if len(calls) == 1:
            destination(site.file()).with_name("table.bin.part").unlink()
        lock(handle, how)

    monkeypatch.setattr(partial_module.fcntl, "flock", finished_just_before)
    assert fetch(site.file(), **FAST).read_bytes() == CONTENT
    assert len(calls) == 2


def test_waiting_for_another_process_ends(site: Site) -> None:
    place = destination(site.file())
    with (
        partial_module.partial(place, patience=1),
        pytest.raises(DownloadError, match=r"another process has been downloading table\.bin\.part"),
    ):
        fetch(site.file(), patience=0.1)


@pytest.mark.parametrize("way", ["no module", "no locks"])
def test_without_file_locks_a_part_of_its_own_is_used(
    site: Site, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    def refuses(*args: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    if way == "no module":
        monkeypatch.setattr(partial_module, "fcntl", None)
    else:
        monkeypatch.setattr(partial_module.fcntl, "flock", refuses)
    place = fetch(site.file(), **FAST)
    assert place.read_bytes() == CONTENT
    assert [name for name in leftovers(place) if name != "table.bin.part"] == []


def test_progress_rises_to_the_length_of_the_file(site: Site) -> None:
    seen: list[tuple[int, int]] = []
    fetch(site.file(), progress=lambda here, total: seen.append((here, total)), **FAST)
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert seen == sorted(seen)


def test_obtain_prefers_published_data_and_never_writes_there(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = site.file()
    place = tmp_path / "published" / file.path
    place.parent.mkdir(parents=True)
    place.write_bytes(CONTENT)
    monkeypatch.setenv("REPALIGN_DATA", str(tmp_path / "published"))
    assert obtain(file) == place
    place.write_bytes(CONTENT[:-1] + b"?")
    with pytest.raises(VerificationError, match="has sha256"):
        obtain(file)
    assert site.ranges == []


def test_obtain_without_download_says_how_to_get_the_data(site: Site) -> None:
    with pytest.raises(UnavailableError, match="repalign datasets get mine"):
        obtain(site.file(), dataset="mine", download=False)
    assert site.ranges == []
    assert obtain(site.file()).read_bytes() == CONTENT


def test_a_data_variable_that_names_no_folder_is_an_error(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REPALIGN_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(FileError, match=r"REPALIGN_DATA names .*nowhere"):
        obtain(site.file())


@pytest.mark.parametrize(("content", "what"), [(CONTENT[:-1], "10239 bytes"), (bytes(10240), "has sha256")])
def test_verified_names_what_differs(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "table.bin"
    path.write_bytes(content)
    with pytest.raises(VerificationError, match=what) as caught:
        verified(path, Site().file())
    assert str(path) in caught.value.message
    path.write_bytes(CONTENT)
    assert verified(path, Site().file()) == path
