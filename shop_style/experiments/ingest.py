"""Events of a page view: checked against its token, made unique, stored together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import IntegrityError
from django.utils import timezone

from shop_style.conf import app_settings
from shop_style.experiments.hashing import event_id, page_hash
from shop_style.experiments.open_products import existing_products, forget_products
from shop_style.experiments.shared_pages import personal
from shop_style.experiments.sinks import EventRow, store
from shop_style.experiments.snapshot import current_snapshot, experiment_database
from shop_style.experiments.tally import REPEATED, tally
from shop_style.experiments.tokens import PageToken, read_token
from shop_style.experiments.visitor import Visitor, crawls, device_class
from shop_style.models import Kind, Suspicion
from shop_style.words import in_words
from styleeval.sentence import said

MOST_EVENTS: Final = 100
MOST_BYTES: Final = 65_536
MANY_CLICKS: Final = 10
"""More clicks than this in one report are no shopper's; they are kept and flagged."""

_IMPLIED: Final = {
    Kind.RENDERED: (Kind.RENDERED,),
    Kind.FAILED: (Kind.RENDERED, Kind.FAILED),
    Kind.VIEWABLE: (Kind.RENDERED, Kind.VIEWABLE),
    # Beacons overtake each other: who clicked has seen it, whichever arrives first.
    Kind.CLICK: (Kind.RENDERED, Kind.VIEWABLE, Kind.CLICK),
}
REPORTED: Final = tuple(kind.value for kind in _IMPLIED)
"""Kinds that a page may report; conversions come from the shop's own code."""


@dataclass(frozen=True)
class Rejection:
    """An event that was not taken. index: its place in the report, from 0."""

    index: int
    code: str
    detail: str


@dataclass
class IngestReport:
    """How many events count now, how many counted already, and which could not be taken."""

    accepted: int = 0
    duplicates: int = 0
    rejected: list[Rejection] = field(default_factory=list)


def ingest(
    token_text: str,
    reported: Sequence[Any],
    *,
    agent: str,
    person: Visitor | None = None,
    view: str = "",
) -> IngestReport:
    """Store what a page reports. Arm and product come from its token, the time from our clock.

    reported: dicts of kind and position. agent: the sender's user agent, of which the device
    class is kept. person, view: whose look at a page it was that a cache hands to many, as in
    `shared_pages.personal`; nothing of such a page counts without a person.
    Raises TokenError, TokenExpired, and DatabaseError when nothing was stored.
    """
    token = read_token(token_text, hours=app_settings().TOKEN_HOURS)
    if token.is_shared:
        if person is None:
            return IngestReport(rejected=_nobodys(len(reported)))
        token = personal(token, person, view)
    try:
        return _ingest(token, reported, agent)
    except IntegrityError:
        # Deleted since this process last looked: once more, by what is there now.
        forget_products()
        return _ingest(token, reported, agent)


def _nobodys(number: int) -> list[Rejection]:
    words = in_words(
        said("the edge names no visitor who takes part, so nothing of this page is counted")
    )
    return [Rejection(index, "no_part", words) for index in range(number)]


def _ingest(token: PageToken, reported: Sequence[Any], agent: str) -> IngestReport:
    report = IngestReport()
    taken: list[tuple[Kind, int]] = []
    open_products = _open_products(token)
    for index, item in enumerate(reported):
        problem = _problem(token, item, open_products)
        if problem:
            report.rejected.append(Rejection(index, problem[0], in_words(problem[1])))
        else:
            taken.append((Kind(item["kind"]), item["position"]))
    named = {_id(token, kind, position) for kind, position in taken}
    stored = store(experiment_database(), _events(token, taken, agent))
    report.accepted = len(named & stored)
    report.duplicates = len(taken) - report.accepted
    if report.duplicates:
        _tally_repeats(token, taken, set(stored))
    return report


def _tally_repeats(token: PageToken, taken: Sequence[tuple[Kind, int]], new: set[str]) -> None:
    """Count, by arm, what was reported though it is known: retries, replays, a shared page."""
    snapshot = current_snapshot()
    for kind, position in taken:
        identifier = _id(token, kind, position)
        if identifier in new:
            new.discard(identifier)
            continue
        exposure, _product = token.at(position) or (None, 0)
        experiment = snapshot.get(exposure.experiment) if exposure else None
        if exposure is not None and experiment is not None:
            tally.add(exposure.phase, REPEATED, experiment.slug_of(exposure.arm))
    tally.write_if_due()


def _open_products(token: PageToken) -> set[int]:
    """Products of the token that may still be reported of.

    Those of live experiments, and of those that ended a while ago, and whose rows are there.
    """
    oldest = timezone.now().timestamp() - app_settings().TOKEN_HOURS * 3600
    snapshot = current_snapshot()
    products: set[int] = set()
    for exposure in token.exposures:
        item = snapshot.get(exposure.experiment)
        if item and (item.is_live or (item.ended is not None and item.ended >= oldest)):
            phase = item.phases.get(exposure.phase)
            # What comes of a baseline's pages once the test runs is no past any more.
            if phase is None or not phase.is_baseline or item.current == phase.id:
                products |= set(exposure.products.values())
    return existing_products(products)


def _problem(token: PageToken, item: Any, open_products: set[int]) -> tuple[str, str] | None:
    """Code and words of why an event cannot be taken, or None."""
    if not isinstance(item, dict):
        return "bad_event", said("an event is an object with kind and position")
    kind, position = item.get("kind"), item.get("position")
    if kind not in REPORTED:
        return "unknown_kind", said("kind is one of {kinds}", kinds=", ".join(REPORTED))
    if type(position) is not int:
        return "bad_position", said("position is the whole number that the placement gave")
    found = token.at(position)
    if found is None:
        return "unknown_position", said("no tracked picture of this page has this position")
    if found[1] not in open_products:
        return "closed_experiment", said("its experiment takes no events any more")
    return None


def _events(token: PageToken, taken: Iterable[tuple[Kind, int]], agent: str) -> list[EventRow]:
    """Each event and those that it implies, once."""
    taken = list(taken)
    device, now = device_class(agent), timezone.now()
    suspicion = _suspicion([kind for kind, _ in taken], agent, now.timestamp() - token.issued)
    found: dict[str, EventRow] = {}
    pages = _stored_pages(token)
    for kind, position in taken:
        exposure, product = token.at(position) or (None, 0)
        if exposure is None:
            continue
        for implied in _IMPLIED[kind]:
            identifier = _id(token, implied, position)
            found[identifier] = EventRow(
                event_id=identifier,
                experiment_id=exposure.experiment,
                phase_id=exposure.phase,
                arm_id=exposure.arm,
                product_id=product,
                visitor=exposure.visitor,
                kind=implied.value,
                position=position,
                page_view=pages.get(exposure.experiment, ""),
                device=device,
                suspicion=suspicion,
                at=now,
            )
    return list(found.values())


def _stored_pages(token: PageToken) -> dict[int, str]:
    """By which name each experiment of the page keeps it."""
    snapshot = current_snapshot()
    entries = (snapshot.get(exposure.experiment) for exposure in token.exposures)
    return {item.id: page_hash(item.visitor_salt, token.page_view) for item in entries if item}


def _id(token: PageToken, kind: Kind, position: int) -> str:
    # One click a tile and page view: a second one on the same picture says nothing new.
    return event_id(token.page_view, position, kind.value)


def _suspicion(kinds: Sequence[Kind], agent: str, age: float) -> int:
    """Bits of what is odd about a report. age: seconds since its page was placed."""
    flags = 0
    if crawls(agent):
        flags |= Suspicion.CRAWLER_AGENT
    if kinds.count(Kind.CLICK) > MANY_CLICKS:
        flags |= Suspicion.MANY_CLICKS
    if Kind.CLICK in kinds and age * 1000 < app_settings().BOTS["click_ms"]:
        flags |= Suspicion.AT_ONCE
    return flags
