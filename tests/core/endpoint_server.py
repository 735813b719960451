"""An OpenAI-compatible endpoint on this machine's loopback that can go wrong in every way we know."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: A fault plays instead of an answer: it gets the handler and sends whatever it likes.
Fault = Callable[[http.server.BaseHTTPRequestHandler], None]
TOKENS_IN, TOKENS_OUT = 100, 10


def status(code: int, message: str = "", **headers: str) -> Fault:
    """An answer that is no success."""

    def play(request: http.server.BaseHTTPRequestHandler) -> None:
        body = json.dumps({"error": {"message": message}}).encode()
        request.send_response(code)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return play


def raw(body: bytes) -> Fault:
    """A success with another body."""

    def play(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return play


def cut(request: http.server.BaseHTTPRequestHandler) -> None:
    """An answer that breaks off in the middle."""
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b'{"choices": [{"mess')
    request.close_connection = True


def slow(seconds: float) -> Fault:
    """An answer that takes too long."""

    def play(request: http.server.BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)
        cut(request)

    return play


def late(seconds: float, text: str) -> Fault:
    """A good answer that takes its time."""
    said = {"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}

    def play(request: http.server.BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)
        raw(json.dumps(said).encode())(request)

    return play


def echo(request: http.server.BaseHTTPRequestHandler) -> None:
    """Turns the request away and repeats the key, as some endpoints do."""
    status(401, f"Incorrect API key provided: {request.headers.get('Authorization', '')}")(request)


@dataclass
class EndpointServer:
    """What it answers, and what it was asked.

    Attributes:
        answer: The text for a conversation's messages.
        faults: Played one by one before it answers well.
        key: What it wants; empty takes everybody.
        delay_s: How long an answer takes.
        usage: Whether it says how many tokens were used.
        repeats_key: Whether each answer holds the key.
        asked: Every request's messages, in order.
        answered: How often each last message was answered well.
        headers: Every request's headers.
        most_at_once: The most requests that were under way together.
    """

    answer: Callable[[list[dict[str, str]]], str] = lambda messages: f"about {messages[-1]['content']}"
    faults: list[Fault] = field(default_factory=list)
    key: str = ""
    delay_s: float = 0.0
    usage: bool = True
    repeats_key: bool = False
    finish: str = "stop"
    asked: list[dict[str, Any]] = field(default_factory=list)
    answered: Counter[str] = field(default_factory=Counter)
    headers: list[dict[str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    most_at_once: int = 0
    _at_once: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def serve(self, certificate: Path | None = None) -> Iterator[str]:
        """Answers on a free port; gives the base address."""
        endpoint = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                endpoint._take(self)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """A client that went away is no news."""

        server = Server(("127.0.0.1", 0), Handler)
        scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            scheme = "https"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"{scheme}://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            server.server_close()

    def _take(self, request: http.server.BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        with self._lock:
            self.asked.append(body)
            self.headers.append(dict(request.headers.items()))
            self.times.append(time.monotonic())
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            fault = self.faults.pop(0) if self.faults else None
        try:
            if fault is not None:
                fault(request)
            elif self.key and request.headers.get("Authorization") != f"Bearer {self.key}":
                status(401, "no such key")(request)
            else:
                self._answer(request, body)
        finally:
            with self._lock:
                self._at_once -= 1

    def _answer(self, request: http.server.BaseHTTPRequestHandler, body: dict[str, Any]) -> None:
        time.sleep(self.delay_s)
        text = self.answer(body["messages"])
        if self.repeats_key:
            text += f" {request.headers.get('Authorization', '')}"
        said: dict[str, Any] = {
            "choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": self.finish}],
        }
        if self.usage:
            said["usage"] = {"prompt_tokens": TOKENS_IN, "completion_tokens": TOKENS_OUT}
        raw(json.dumps(said).encode())(request)
        with self._lock:
            self.answered[body["messages"][-1]["content"]] += 1
