"""Two real HTTP caches before a live server: nginx as our docs have it, and one of our own."""

from __future__ import annotations

import hashlib
import http.client
import re
import secrets
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

ROOT = Path(__file__).resolve().parents[2]
SECRET = "the-secret-of-the-edge"
BUCKETS = 10
_OURS = ("x-shop-style-edge", "x-shop-style-bucket", "x-shop-style-visitor", "connection", "host")


def nginx_binary() -> str | None:
    """The machine's nginx, where there is one."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def recipe() -> str:
    """The nginx configuration that docs/storefront.md gives."""
    page = (ROOT / "docs" / "storefront.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"```nginx\n(.*?)```", page, re.DOTALL)
    return str(found)


@contextmanager
def nginx(origin: str, folder: Path) -> Iterator[str]:
    """nginx as the docs say, before an origin. Yields its address."""
    port = _free_port()
    text = recipe()
    for ours, here in (
        ("/var/cache/nginx/shop", str(folder / "cache")),
        ("127.0.0.1:8000", origin.removeprefix("http://")),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
    ):
        assert ours in text
        text = text.replace(ours, here)
    places = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{places}{text}\n}}\n"
    )
    command = [str(nginx_binary()), "-p", str(folder), "-e", f"{folder}/error.log"]
    process = subprocess.Popen([*command, "-c", str(configuration)])
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


@contextmanager
def small_cache(origin: str, folder: Path) -> Iterator[str]:
    """A shared cache of a hundred lines, by the same rules, for machines without nginx."""

    class Handler(_SmallCache):
        target = origin.removeprefix("http://")
        kept: ClassVar[dict[Any, Any]] = {}

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


KEYED = {"X-Shop-Style-Bucket", "Accept-Language"}


class _SmallCache(BaseHTTPRequestHandler):
    """Keeps what a shared cache may keep (RFC 9111 §3, §3.5), by address, bucket and language."""

    protocol_version = "HTTP/1.1"
    target: ClassVar[str]
    kept: ClassVar[dict[Any, Any]]

    def do_GET(self) -> None:
        person = self._cookie("shop_edge")
        known = person if re.fullmatch("[0-9a-f]{32}", person) else ""
        drawn = known or secrets.token_hex(16)
        bucket = "none" if self._takes_no_part() else _bucket(drawn)
        # What the pages vary on: bucket and language.
        key = (self.headers["Host"], self.path, bucket, self.headers.get("Accept-Language", ""))
        may_keep = self.command == "GET" and not (
            self._cookie("sessionid") or "shop_style_arm=" in self.path
        )
        answer = self.kept.get(key) if may_keep else None
        state = "HIT" if answer else "MISS"
        if answer is None:
            answer = self._ask(bucket, known)
            if may_keep and _is_public(*answer):
                self.kept[key] = answer
        cookie = "" if known or bucket == "none" else f"shop_edge={drawn}; Path=/; HttpOnly"
        self._answer(*answer, state=state, cookie=cookie)

    do_POST = do_GET  # noqa: N815  # the server looks it up by this name

    def _ask(self, bucket: str, known: str) -> tuple[int, list[tuple[str, str]], bytes]:
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _OURS}
        headers |= {
            "Host": self.headers["Host"],
            "X-Shop-Style-Edge": SECRET,
            "X-Shop-Style-Bucket": bucket,
            "X-Shop-Style-Visitor": known,
        }
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        connection = http.client.HTTPConnection(self.target, timeout=10)
        try:
            connection.request(self.command, self.path, body or None, headers)
            found = connection.getresponse()
            return found.status, found.getheaders(), found.read()
        finally:
            connection.close()

    def _answer(
        self, status: int, headers: list[tuple[str, str]], body: bytes, *, state: str, cookie: str
    ) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Cache", state)
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(body)

    def _takes_no_part(self) -> bool:
        agent = self.headers.get("User-Agent", "")
        asks = "1" in (self.headers.get("Sec-GPC"), self.headers.get("DNT"))
        return asks or not agent or bool(re.search("bot|crawl|spider", agent, re.IGNORECASE))

    def _cookie(self, name: str) -> str:
        found = re.search(rf"(?:^|; ){name}=([^;]*)", self.headers.get("Cookie", ""))
        return found[1] if found else ""

    def log_message(self, *_: Any) -> None:
        """Nothing: tests are read by people."""


def _bucket(person: str) -> str:
    return str(int(hashlib.sha256(person.encode()).hexdigest(), 16) % BUCKETS)


def _is_public(status: int, headers: list[tuple[str, str]], body: bytes) -> bool:
    said = {name.lower(): value for name, value in headers}
    control = said.get("cache-control", "")
    return (
        status == 200
        and "set-cookie" not in said
        and not any(word in control for word in ("private", "no-store", "no-cache"))
        and set(filter(None, said.get("vary", "").split(", "))) <= KEYED
    )


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with socket.socket() as tried:
            if tried.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError("nginx does not listen; see its error.log")
