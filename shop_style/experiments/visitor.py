"""Who looks at a page: a random number in a signed cookie, or somebody who takes no part."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final, Literal

from crawleruseragents import is_crawler
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.module_loading import import_string

from shop_style.conf import app_settings
from shop_style.experiments.edge import edge_of

logger = logging.getLogger(__name__)

Excluded = Literal["", "crawler", "gpc", "dnt", "no_consent", "edge"]
HOLDOUT: Final = "holdout"
EXCLUSIONS: Final = ("crawler", "gpc", "dnt", "no_consent", HOLDOUT)

_SALT: Final = "shop_style.visitor"
_DAY: Final = 86_400
_MOST_EXPERIMENTS: Final = 40
_LONGEST: Final = 4096
_IDENTIFIER = re.compile(r"[0-9a-f]{32}")
_TABLET = re.compile(r"ipad|tablet|android(?!.*mobile)", re.IGNORECASE)
_MOBILE = re.compile(r"mobi|iphone|ipod|android", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """One visitor.

    id: 128 random bits, hexadecimal; empty for one who takes no part. born: day number (since
    1970) of the first page. phases: the phase in which each experiment was entered. adopted: the
    arm and the visitor's hash of the device that was first, of experiments taken over at a login.
    excluded: why no part is taken. is_new: nobody has kept this visitor yet. bucket: the edge's,
    which alone decides then; the id is empty on pages, for many are handed the same copy.
    """

    id: str = ""
    born: int = 0
    phases: Mapping[int, int] = field(default_factory=dict)
    adopted: Mapping[int, tuple[int, str]] = field(default_factory=dict)
    excluded: Excluded = ""
    is_new: bool = field(default=False, compare=False)
    bucket: int | None = None

    def entered(self, experiment: int, phase: int) -> Visitor:
        """The same visitor, with the phase entered kept for good."""
        phases = {**self.phases, experiment: phase}
        # A cookie is at most 4 KB; the oldest experiments are long over.
        kept = dict(sorted(phases.items())[-_MOST_EXPERIMENTS:])
        adopted = {key: item for key, item in self.adopted.items() if key in kept}
        return replace(self, phases=kept, adopted=adopted)

    def adopting(self, experiment: int, phase: int, arm: int, visitor: str) -> Visitor:
        """The same visitor, from now on with the arm and hash of another device."""
        adopted = {**self.adopted, experiment: (arm, visitor)}
        return replace(self, adopted=adopted).entered(experiment, phase)

    def signed(self) -> str:
        """What the cookie holds, and what headless callers send back."""
        value: list[Any] = [self.id, self.born, sorted(self.phases.items())]
        if self.adopted:
            value.append([[key, *item] for key, item in sorted(self.adopted.items())])
        return signing.dumps(value, salt=_SALT, compress=True)


def identify(request: HttpRequest, supplied: str = "") -> Visitor:
    """The visitor of a request: from what a headless caller sends back, or from the cookie.

    Crawlers, visitors who ask not to be tracked (`Sec-GPC`, `DNT`) and those without consent
    take no part, whatever they send. Behind the shop's own edge (EDGE_BUCKETS) the bucket is all
    that is looked at: a cache hands the page on to others.
    """
    edge = edge_of(request)
    if edge is not None:
        return Visitor(bucket=edge.bucket, excluded="edge" if edge.bucket is None else "")
    excluded = excluded_because(request)
    if excluded:
        return Visitor(excluded=excluded)
    value = supplied or request.COOKIES.get(app_settings().COOKIE_NAME, "")
    return known_visitor(value) or new_visitor()


def edge_person(request: HttpRequest) -> Visitor | None:
    """Who it is that the edge tells of, where no cache keeps the answer: events, orders, and
    `forget_visitor(edge_person(request).signed())`. None for one who takes no part or is not told.
    """
    edge = edge_of(request)
    if edge is None or edge.bucket is None or not edge.visitor or excluded_because(request):
        return None
    return Visitor(id=edge.visitor, born=_today(), bucket=edge.bucket)


def new_visitor() -> Visitor:
    """Somebody who was never here."""
    return Visitor(id=secrets.token_hex(16), born=_today(), is_new=True)


def known_visitor(value: str, *, at_any_age: bool = False) -> Visitor | None:
    """The visitor of a signed value, or None where it is not ours or its time is over.

    at_any_age: take one whose time is over, too.
    """
    if not value or len(value) > _LONGEST:
        return None
    try:
        identifier, born, phases, *more = signing.loads(value, salt=_SALT)
        visitor = Visitor(
            id=identifier,
            born=int(born),
            phases={int(experiment): int(phase) for experiment, phase in phases},
            adopted={
                int(experiment): (int(arm), str(visitor))
                for adopted in more
                for experiment, arm, visitor in adopted
            },
        )
    except (signing.BadSignature, ValueError, TypeError):
        return None
    if not isinstance(identifier, str) or not _IDENTIFIER.fullmatch(identifier):
        return None
    is_over = _today() - visitor.born >= app_settings().COOKIE_DAYS
    return None if is_over and not at_any_age else visitor


def set_cookie(response: HttpResponse, request: HttpRequest, visitor: Visitor) -> None:
    """Keep the visitor. The end is fixed by the first page and never moves."""
    current = app_settings()
    response.set_cookie(
        current.COOKIE_NAME,
        visitor.signed(),
        max_age=(visitor.born + current.COOKIE_DAYS) * _DAY - int(time.time()),
        domain=current.COOKIE_DOMAIN or None,
        secure=request.is_secure(),
        httponly=True,
        samesite="Lax",
    )


def has_cookie(request: HttpRequest) -> bool:
    """Was this browser given a visitor?"""
    return app_settings().COOKIE_NAME in request.COOKIES


def forget_cookie(response: HttpResponse) -> None:
    """Take the cookie back from somebody who takes no part any more."""
    current = app_settings()
    response.delete_cookie(
        current.COOKIE_NAME, domain=current.COOKIE_DOMAIN or None, samesite="Lax"
    )


def user_agent(request: HttpRequest) -> str:
    """The user agent, cut where no real one goes on."""
    return request.headers.get("User-Agent", "")[:512]


@lru_cache(maxsize=4096)
def crawls(agent: str) -> bool:
    """Is this a crawler's user agent, or none at all?"""
    return not agent.strip() or is_crawler(agent)


def device_class(agent: str) -> str:
    """`desktop`, `mobile` or `tablet`; all that is kept of a user agent."""
    if _TABLET.search(agent):
        return "tablet"
    return "mobile" if _MOBILE.search(agent) else "desktop"


def excluded_because(request: HttpRequest) -> Excluded:
    """Why who sent this request takes no part; empty for one who does."""
    if crawls(user_agent(request)):
        return "crawler"
    if request.headers.get("Sec-GPC", "").strip() == "1":
        return "gpc"
    if request.headers.get("DNT", "").strip() == "1":
        return "dnt"
    return "" if _consents(request) else "no_consent"


def _consents(request: HttpRequest) -> bool:
    path = app_settings().CONSENT
    if not path:
        return True
    try:
        return bool(import_string(path)(request))
    except Exception:  # the host's own code; without an answer there is no consent
        logger.exception("SHOP_STYLE['CONSENT'] %s failed; the visitor takes no part", path)
        return False


def _today() -> int:
    return int(time.time()) // _DAY
