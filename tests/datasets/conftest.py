"""A home of the test's own, and a web server on this machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_site import Handler, Server, Site


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty REPALIGN_HOME, and no REPALIGN_DATA."""
    monkeypatch.setenv("REPALIGN_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("REPALIGN_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "home"


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    """A server on a free port; ``site.manner`` says how it behaves."""
    with Server(("127.0.0.1", 0), Handler) as server:
        server.site = Site(port=server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.site
        finally:
            server.site.released.set()
            server.shutdown()
            thread.join()
