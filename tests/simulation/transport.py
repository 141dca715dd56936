"""Two ways from a shopper to the services: in this process, and by HTTP to a server."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from django.http import HttpResponse
from django.test import RequestFactory

from shop_style.experiments.hashing import tile_key
from shop_style.experiments.ingest import ingest
from shop_style.experiments.page import Page
from shop_style.experiments.snapshot import ExperimentEntry, current_snapshot
from shop_style.experiments.visitor import Visitor
from shop_style.models import PhaseProduct
from tests.simulation.network import Beacon
from tests.simulation.shop import PLACEMENT, Shop


@dataclass(frozen=True)
class Shown:
    """A page as the browser has it. visitor: what is kept of it. token is empty untracked."""

    token: str
    styled: list[bool]
    visitor: str


class Transport(Protocol):
    """What a shopper needs of a shop."""

    def newcomer(self, rng: np.random.Generator) -> str:
        """What is kept of somebody who has not been here before."""

    def page(self, order: Sequence[int], visitor: str, agent: str) -> Shown:
        """A page of products, by number, in this order."""

    def report(self, beacon: Beacon) -> dict[str, Any]:
        """The answer to a report: accepted, duplicates, rejected."""


@dataclass
class InProcess:
    """Visitor, arm, token, events: the services themselves, without placing pictures.

    Which variant a tile shows is not asked of the database; that is `Live`'s part. Visitors are
    drawn by the generator, so that a seed gives the same experiment again.
    """

    shop: Shop
    _requests: dict[str, Any] = field(default_factory=dict)
    _products: list[int] = field(default_factory=list)
    _tiles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        rows = PhaseProduct.objects.filter(phase__experiment=self.shop.experiment)
        found = {row.object_id: row for row in rows}
        placed = [found[str(chair.pk)] for chair in self.shop.chairs]
        self._products = [row.pk for row in placed]
        self._tiles = [tile_key(row.content_type_id, row.object_id, row.field) for row in placed]

    @property
    def experiment(self) -> ExperimentEntry:
        """The experiment as a web process holds it."""
        found = current_snapshot().get(self.shop.experiment.pk)
        assert found is not None
        return found

    def newcomer(self, rng: np.random.Generator) -> str:
        return Visitor(id=rng.bytes(16).hex(), born=int(time.time()) // 86_400).signed()

    def page(self, order: Sequence[int], visitor: str, agent: str) -> Shown:
        request = self._requests.get(agent)
        if request is None:
            request = RequestFactory().get("/", headers={"user-agent": agent})
            self._requests[agent] = request
        page = Page(request, keeps_visitor=True, supplied=visitor)
        experiment, styled = self.experiment, []
        if page.visitor.excluded:
            page.exclude([experiment])
            return Shown("", [False] * len(order), "")
        for position, product in enumerate(order):
            assignment = page.assignment(experiment, self._tiles[product])
            page.keep_visitor()
            styled.append(assignment is not None and assignment.arm.slug != "control")
            if assignment is not None:
                page.track(assignment, position, self._products[product])
        shown = Shown(page.token(), styled, page.kept_visitor())
        page.finish(HttpResponse())
        return shown

    def report(self, beacon: Beacon) -> dict[str, Any]:
        return vars(ingest(beacon.token, beacon.events, agent=beacon.agent))


@dataclass
class Live:
    """The API of a running server, over one connection that is kept."""

    shop: Shop
    port: int

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        self._names = self.shop.names()

    def newcomer(self, rng: np.random.Generator) -> str:
        return ""

    def page(self, order: Sequence[int], visitor: str, agent: str) -> Shown:
        names = [self._names[product] for product in order]
        body = {"objects": names, "placement": PLACEMENT, "visitor": visitor}
        answer = self._post("placement", body, agent, status=200)
        styled = [item["picture"]["style"] is not None for item in answer["pictures"]]
        return Shown(answer["token"], styled, answer["visitor"])

    def report(self, beacon: Beacon) -> dict[str, Any]:
        body = {"token": beacon.token, "events": beacon.events}
        return self._post("events", body, beacon.agent, status=202)

    def _post(self, address: str, body: Any, agent: str, *, status: int) -> dict[str, Any]:
        headers = {"User-Agent": agent, "Content-Type": "application/json"}
        self._connection.request("POST", f"/shop-style/{address}/", json.dumps(body), headers)
        response = self._connection.getresponse()
        found: dict[str, Any] = json.loads(response.read())
        assert response.status == status, found
        return found
