"""A web server with one worker, and as many requests as it answers."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path

from tests.benchmarks.experiments.shop import BROWSER

THREADS = 4
CONNECTIONS = 4
_LUA = """
local bodies, at = {}, 0
for line in io.lines("%s") do bodies[#bodies + 1] = line end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["User-Agent"] = "%s"
request = function()
  at = at %% #bodies + 1
  return wrk.format(nil, nil, nil, bodies[at])
end
"""


@contextmanager
def served() -> Iterator[int]:
    """gunicorn with one worker of four threads, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = ["gunicorn", "django.core.wsgi:get_wsgi_application()", "--bind", f"127.0.0.1:{port}"]
    command += ["--workers", "1", "--threads", str(THREADS), "--log-level", "error"]
    server = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=Path(__file__).resolve().parents[3]
    )
    try:
        _wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def rate(port: int, path: str, bodies: Sequence[str], seconds: float) -> float:
    """Requests a second that were answered well, over so many seconds, each body in turn."""
    if shutil.which("wrk"):
        return _by_wrk(port, path, bodies, seconds)
    return _by_threads(port, path, bodies, seconds)


def generator() -> str:
    """What makes the load."""
    return "wrk" if shutil.which("wrk") else "threads of Python, which take from the same cores"


def _by_wrk(port: int, path: str, bodies: Sequence[str], seconds: float) -> float:
    folder = Path(os.environ["BENCHMARK_FOLDER"])
    (folder / "bodies").write_text("\n".join(bodies) + "\n")
    (folder / "load.lua").write_text(_LUA % (folder / "bodies", BROWSER))
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "--timeout", "30s"]
    command += ["-s", folder / "load.lua", f"http://127.0.0.1:{port}{path}"]
    answer = subprocess.run([*map(str, command)], capture_output=True, text=True, check=True)
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors: .*", answer.stdout)
    found = re.search(r"Requests/sec:\s+([\d.]+)", answer.stdout)
    if failed or not found:
        raise RuntimeError(f"{path} did not answer well: {answer.stdout}")
    return float(found[1])


def _by_threads(port: int, path: str, bodies: Sequence[str], seconds: float) -> float:
    until = time.perf_counter() + seconds
    done = [0] * CONNECTIONS

    def send(index: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        headers = {"Content-Type": "application/json", "User-Agent": BROWSER}
        for body in islice(cycle(bodies), index, None, CONNECTIONS):
            if time.perf_counter() > until:
                return
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            answer.read()
            done[index] += answer.status < 300

    threads = [threading.Thread(target=send, args=(index,)) for index in range(CONNECTIONS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.perf_counter() - start)


def ask(port: int, path: str, body: str) -> str:
    """One answer. Raises RuntimeError where it is not a good one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(
        "POST", path, body, {"Content-Type": "application/json", "User-Agent": BROWSER}
    )
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status >= 300:
        raise RuntimeError(f"{path}: {answer.status} {text[:500]}")
    json.loads(text)
    return text


def _wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("gunicorn did not start")
