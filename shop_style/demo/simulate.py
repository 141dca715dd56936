"""Plays simulated visitors through the HTTP endpoints of a live server."""

from __future__ import annotations

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.management.base import OutputWrapper
from django.urls import reverse

from shop_style.demo.browser import TIMEOUT, Browser
from shop_style.demo.crowd import PLANTED_LIFT, Tile, browse, reports, shopper
from shop_style.demo.errors import DemoError
from shop_style.demo.progress import LOOK_EVERY, Teller, clock
from shop_style.demo.server import HOST

CLIENTS: Final = 6
MOST_SECONDS: Final = 1800.0
PLACEMENT: Final = "listing"


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Visitors to play: the numbers from `first` up to `last`, that one not included.

    Who they are and what they do follows from the seed. Which arm each gets does not: the server
    draws a visitor's number at random, as it does for anybody.
    """

    last: int
    first: int = 0
    seed: int = 1
    lift: float = PLANTED_LIFT

    @property
    def size(self) -> int:
        """How many."""
        return max(0, self.last - self.first)


@dataclass
class Played:
    """What was sent and what the server made of it.

    accepted: events counted; duplicates: sent again and counted once; rejected: refused, which
    none should be; kinds: visitors by kind.
    """

    pages: int = 0
    batches: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    @property
    def visitors(self) -> int:
        """Of any kind, that have left again."""
        return self.kinds.total()

    def summary(self) -> str:
        """In words."""
        refused = f", {self.rejected:,} refused" if self.rejected else ""
        return (
            f"{self.visitors:,} visitors ({self.kinds['crawler']} crawlers, "
            f"{self.kinds['private']} with Sec-GPC) in {clock(self.seconds)}, "
            f"{self.visitors / self.seconds:.0f} a second: {self.pages:,} pages, "
            f"{self.batches:,} reports, {self.accepted:,} events taken, "
            f"{self.duplicates:,} sent again and counted once{refused}"
        )


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How far the crowd is."""

    done: int
    total: int
    seconds: float

    @property
    def line(self) -> str:
        """One line for a terminal."""
        parts = [f"{self.done:,}/{self.total:,} visitors"]
        if self.done:
            left = (self.total - self.done) * self.seconds / self.done
            parts += [f"{self.done / self.seconds:.0f} a second", f"about {clock(left)} left"]
        return " · ".join(parts)


def play(crowd: Crowd, objects: Sequence[str], *, port: int, out: OutputWrapper) -> Played:
    """Let the crowd visit a list of these objects, several at a time, telling how far it is.

    Raises DemoError when the server does not answer as it should, or is far too slow.
    """
    return _Play(crowd, objects, port).run(Teller(out, every_change=False))


class _Play:
    def __init__(self, crowd: Crowd, objects: Sequence[str], port: int) -> None:
        self._crowd = crowd
        self._objects = objects
        self._port = port
        self._placement, self._events = (
            reverse("shop_style:placement"),
            reverse("shop_style:events"),
        )
        self._numbers: Iterator[int] = iter(range(crowd.first, crowd.last))
        self._played = Played()
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def run(self, teller: Teller) -> Played:
        started = time.monotonic()
        with ThreadPoolExecutor(max_workers=CLIENTS) as pool:
            clients = [pool.submit(self._client) for _ in range(CLIENTS)]
            try:
                pending = set(clients)
                while pending:
                    done, pending = wait(pending, timeout=LOOK_EVERY, return_when=FIRST_EXCEPTION)
                    for client in done:
                        client.result()
                    self._played.seconds = time.monotonic() - started
                    self._check_time()
                    teller.tell(self._pace(), final=not pending)
            finally:
                self._stopped.set()
                teller.end()
        return self._played

    def _client(self) -> None:
        """Play one visitor after another over a connection that is kept."""
        connection = http.client.HTTPConnection(HOST, self._port, timeout=TIMEOUT)
        try:
            while not self._stopped.is_set():
                with self._lock:
                    number = next(self._numbers, None)
                if number is None:
                    return
                self._visit(number, connection)
        finally:
            connection.close()

    def _visit(self, number: int, connection: http.client.HTTPConnection) -> None:
        seed = self._crowd.seed
        who = shopper(number, seed=seed)
        browser = Browser(who, connection)
        for page in range(who.pages):
            answer = browser.place(self._placement, self._objects, PLACEMENT)
            view = browse(who, _tiles(answer), page=page, seed=seed, lift=self._crowd.lift)
            batches = reports(who, view, page=page, seed=seed) if answer["token"] else []
            took = [browser.report(self._events, answer["token"], batch) for batch in batches]
            self._count(took)
        with self._lock:
            self._played.kinds[who.kind] += 1

    def _count(self, took: Sequence[dict[str, Any]]) -> None:
        with self._lock:
            self._played.pages += 1
            self._played.batches += len(took)
            for report in took:
                self._played.accepted += report["accepted"]
                self._played.duplicates += report["duplicates"]
                self._played.rejected += len(report["rejected"])

    def _pace(self) -> Pace:
        return Pace(
            done=self._played.visitors, total=self._crowd.size, seconds=self._played.seconds
        )

    def _check_time(self) -> None:
        if self._played.seconds > MOST_SECONDS:
            raise DemoError(
                f"after {clock(MOST_SECONDS)} only {self._played.visitors:,} of "
                f"{self._crowd.size:,} visitors have come; play fewer with --visitors"
            )


def _tiles(answer: dict[str, Any]) -> list[Tile]:
    return [
        Tile(place=place, position=item["position"], is_styled=bool(item["picture"]["style"]))
        for place, item in enumerate(answer["pictures"])
        if item["tracked"]
    ]
