"""A hub on this machine's loopback: the few answers that the real one gives to our two requests."""

from __future__ import annotations

import hashlib
import http.server
import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMIT = "c0ffee" + "0" * 34


class Hub:
    """What it has, and what was asked of it.

    Attributes:
        repos: Kind (`models` or `datasets`) and name → folder.
        gated: Names that are given only to people with a token.
        asked: Every request as `METHOD path`.
        begun_at: Where answers began that were asked for in part.
        breaks_after: Bytes after which the next large answer breaks off; 0 never.
    """

    def __init__(self) -> None:
        self.repos: dict[tuple[str, str], Path] = {}
        self.gated: set[str] = set()
        self.asked: list[str] = []
        self.breaks_after = 0
        self.begun_at: list[int] = []

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Answers on a free port; gives the address."""
        hub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub._answer(self, body=True)

            def do_HEAD(self) -> None:
                hub._answer(self, body=False)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()

    def _answer(self, request: http.server.BaseHTTPRequestHandler, *, body: bool) -> None:
        path = urllib.parse.unquote(urllib.parse.urlsplit(request.path).path).strip("/")
        self.asked.append(f"{request.command} {path}")
        parts = path.split("/")
        if parts[0] == "api" and len(parts) >= 6 and parts[4] == "revision":
            self._describe(request, parts[1], "/".join(parts[2:4]))
            return
        kind = "datasets" if parts[0] == "datasets" else "models"
        parts = parts[1:] if kind == "datasets" else parts
        folder = self.repos.get((kind, "/".join(parts[:2])))
        file = folder / "/".join(parts[4:]) if folder is not None and parts[2:3] == ["resolve"] else None
        if file is None or not file.is_file():
            request.send_error(404)
            return
        data = file.read_bytes()
        begin = 0
        if given := request.headers.get("Range"):
            begin = int(given.removeprefix("bytes=").partition("-")[0])
            self.begun_at.append(begin)
        request.send_response(206 if given else 200)
        request.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        request.send_header("X-Repo-Commit", COMMIT)
        request.send_header("Accept-Ranges", "bytes")
        if given:
            request.send_header("Content-Range", f"bytes {begin}-{len(data) - 1}/{len(data)}")
        request.send_header("Content-Length", str(len(data) - begin))
        request.end_headers()
        if not body:
            return
        data = data[begin:]
        if 0 < self.breaks_after < len(data):
            request.wfile.write(data[: self.breaks_after])
            self.breaks_after = 0
            request.close_connection = True
            return
        request.wfile.write(data)

    def _describe(self, request: http.server.BaseHTTPRequestHandler, kind: str, name: str) -> None:
        folder = self.repos.get((kind, name))
        if folder is None:
            request.send_error(404)
            return
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        said = {
            "id": name,
            "sha": COMMIT,
            "gated": "manual" if name in self.gated else False,
            "cardData": {"license": "apache-2.0"},
            "siblings": [
                {"rfilename": path.relative_to(folder).as_posix(), "size": path.stat().st_size}
                for path in files
            ],
        }
        data = json.dumps(said).encode()
        request.send_response(200)
        request.send_header("Content-Length", str(len(data)))
        request.end_headers()
        request.wfile.write(data)
