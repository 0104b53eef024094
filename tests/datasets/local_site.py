"""A web server on this machine that behaves well or badly on command."""

from __future__ import annotations

import gzip
import hashlib
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from repalign.datasets import RemoteFile

CONTENT = bytes(range(256)) * 40


@dataclass
class Site:
    """What the server offers, how it behaves, and what it was asked."""

    content: bytes = CONTENT
    manner: str = "right"
    cut: int = 4000  # where a server that breaks off does so
    port: int = 0
    ranges: list[str | None] = field(default_factory=list)
    sent: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    def file(self, path: str = "owner+repo/folder/table.bin", content: bytes = CONTENT) -> RemoteFile:
        return RemoteFile(
            path=path,
            url=f"http://127.0.0.1:{self.port}/{path}",
            sha256=hashlib.sha256(content).hexdigest(),
            bytes=len(content),
        )


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        site = self.server.site
        asked = self.headers.get("Range")
        site.ranges.append(asked)
        getattr(self, "_" + site.manner.replace("-", "_"))(site, asked)

    def _begin(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _body(self, site: Site, content: bytes) -> None:
        self.wfile.write(content)
        site.sent += len(content)

    def _offer(self, site: Site, asked: str | None) -> bytes:
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        rest, total = site.content[start:], len(site.content)
        where = {"Content_Range": f"bytes {start}-{total - 1}/{total}"} if asked else {}
        self._begin(206 if asked else 200, Content_Length=str(len(rest)), **where)
        return rest

    def _right(self, site: Site, asked: str | None) -> None:
        self._body(site, self._offer(site, asked))

    def _breaks_off(self, site: Site, asked: str | None) -> None:
        self._body(site, self._offer(site, asked)[: site.cut])

    def _breaks_off_once(self, site: Site, asked: str | None) -> None:
        self._body(site, self._offer(site, asked)[: site.cut if len(site.ranges) == 1 else None])

    def _ignores_range(self, site: Site, asked: str | None) -> None:
        self._body(site, self._offer(site, None)[: site.cut if len(site.ranges) == 1 else None])

    def _refuses_range(self, site: Site, asked: str | None) -> None:
        if asked:
            self._begin(416, Content_Length="0")
        else:
            self._breaks_off_once(site, asked)

    def _missing(self, site: Site, asked: str | None) -> None:
        self._begin(404, Content_Length="0")

    def _busy_once(self, site: Site, asked: str | None) -> None:
        if len(site.ranges) == 1:
            self._begin(503, Content_Length="0")
        else:
            self._right(site, asked)

    def _drops_once(self, site: Site, asked: str | None) -> None:
        if len(site.ranges) > 1:
            self._right(site, asked)

    def _undeclared(self, site: Site, asked: str | None) -> None:
        self._begin(200)  # HTTP/1.0: the end of the body is the end of the connection
        self._body(site, site.content)

    def _compresses(self, site: Site, asked: str | None) -> None:
        packed = gzip.compress(site.content)
        self._begin(200, Content_Length=str(len(packed)), Content_Encoding="gzip")
        self._body(site, packed)

    def _dribbles(self, site: Site, asked: str | None) -> None:
        for byte in self._offer(site, asked):
            self._body(site, bytes([byte]))
            if site.released.wait(0.02):
                return

    def _stalls(self, site: Site, asked: str | None) -> None:
        self._body(site, self._offer(site, asked)[: site.cut])
        site.released.wait(20)

    def _slow(self, site: Site, asked: str | None) -> None:
        rest = self._offer(site, asked)
        for start in range(0, len(rest), 2000):
            self._body(site, rest[start : start + 2000])
            time.sleep(0.05)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    site: Site

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # a client that hangs up early is part of these tests
