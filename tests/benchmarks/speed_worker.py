"""One subject at one size in a process of its own, waiting for its turns."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import IO, Any

TURN = "turn"


class WorkerFailed(RuntimeError):
    """A subject could not be measured; the text is the end of what it wrote."""


@dataclass(frozen=True, kw_only=True)
class Cold:
    """Seconds of a fresh process: imports, weights and style, first picture."""

    imports: float
    prepare: float
    first: float

    @property
    def prepared_and_first(self) -> float:
        """From imported to the first picture."""
        return self.prepare + self.first


class Worker:
    """Starts a subject's process, gives it turns, and ends it."""

    def __init__(self, name: str, side: int, threads: int) -> None:
        """Returns when its first picture is done. Raises WorkerFailed."""
        environment = {
            **os.environ,
            "OMP_WAIT_POLICY": "passive",
            "OMP_NUM_THREADS": str(threads),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.speed_worker", name, str(side), str(threads)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.cold = Cold(**self._answer())

    def turn(self) -> float:
        """Seconds of one more picture."""
        _stream(self._process.stdin).write(TURN + "\n")
        _stream(self._process.stdin).flush()
        return float(self._answer()["seconds"])

    def finish(self) -> float:
        """End it; its peak resident memory in MB."""
        _stream(self._process.stdin).close()
        peak = float(self._answer()["peak_mb"])
        self._process.wait()
        return peak

    def _answer(self) -> dict[str, Any]:
        line = _stream(self._process.stdout).readline()
        if not line:
            raise WorkerFailed(f"ended with status {self._process.wait()}; its message is above")
        found: dict[str, Any] = json.loads(line)
        return found


def _stream(stream: IO[str] | None) -> IO[str]:
    if stream is None:
        raise WorkerFailed("its pipes are gone")
    return stream


def _say(**values: float) -> None:
    print(json.dumps(values), flush=True)


def main() -> None:
    """`python -m tests.benchmarks.speed_worker NAME SIDE THREADS`; a line in is a picture."""
    # NumPy and the picture come before the clock starts: they are the same for every subject.
    from tests.benchmarks.speed_subjects import SUBJECTS

    subject = SUBJECTS[sys.argv[1]]()
    side, threads = map(int, sys.argv[2:4])
    marks = [time.perf_counter()]
    subject.load()
    marks.append(time.perf_counter())
    call = subject.prepare(side, threads)
    marks.append(time.perf_counter())
    call()
    marks.append(time.perf_counter())
    imports, prepare, first = (end - start for start, end in zip(marks, marks[1:], strict=False))
    _say(imports=imports, prepare=prepare, first=first)
    for _ in sys.stdin:
        started = time.perf_counter()
        call()
        _say(seconds=time.perf_counter() - started)
    # The peak of a process includes that of the one that started it, which imports no torch.
    _say(peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main()
