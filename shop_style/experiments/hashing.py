"""Numbers drawn from a visitor: deterministic, uniform, and unrelated between salts."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

_BITS: Final = 64
_VISITOR_HEX: Final = 24
_PAGE_HEX: Final = 22


def share(salt: str, visitor: str) -> float:
    """Where a visitor falls in [0, 1): the first 64 bits of SHA-256 over `salt|visitor`.

    64 bits and not a thousand buckets: buckets tie experiments to each other and bend small
    weights.
    """
    digest = hashlib.sha256(f"{salt}|{visitor}".encode()).digest()
    # The division may round up to 1.0 for the topmost 2^-54 of draws.
    return min(int.from_bytes(digest[:8]) / 2.0**_BITS, 1.0 - 2.0**-53)


def visitor_hash(salt: str, visitor: str) -> str:
    """What is stored of a visitor: 96 bits of HMAC-SHA-256 under the experiment's own salt.

    With the salt destroyed nobody can tell any more which visitor it was.
    """
    return hmac.digest(salt.encode(), visitor.encode(), "sha256").hex()[:_VISITOR_HEX]


def tile_key(kind: int, object_id: str, field: str) -> str:
    """A picture's name wherever tiles are drawn one by one; the same in every phase."""
    return f"{kind}:{object_id}:{field}"


def page_hash(salt: str, page_view: str) -> str:
    """What is stored of a page view: 88 bits of HMAC-SHA-256 under the experiment's own salt.

    A page may be of several experiments; by what is stored their visitors cannot be joined.
    """
    return hmac.digest(salt.encode(), page_view.encode(), "sha256").hex()[:_PAGE_HEX]


def order_id(salt: str, *parts: str | int) -> str:
    """Deterministic id of an order's event: 128 bits of HMAC-SHA-256 under the experiment's salt.

    An order's number is short and known elsewhere; with the salt destroyed nobody can look it up.
    """
    return hmac.digest(salt.encode(), "|".join(map(str, parts)).encode(), "sha256").hex()[:32]


def shared_page(page_view: str, visitor: str, view: str) -> str:
    """One person's look at a copy of a page that many are handed: 88 bits of SHA-256."""
    return hashlib.sha256(f"{page_view}|{visitor}|{view}".encode()).hexdigest()[:_PAGE_HEX]


def event_id(*parts: str | int) -> str:
    """Deterministic id of a page's event: 128 bits of SHA-256 over what makes it unique, which
    begins with the page view: 88 random bits that are not stored."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:32]
