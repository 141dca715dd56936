"""Limits per address that a forged header cannot get round, and that a stopped cache lifts."""

from __future__ import annotations

import logging
from typing import Any

from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import ScopedRateThrottle

from shop_style.conf import app_settings

logger = logging.getLogger(__name__)


class AddressThrottle(ScopedRateThrottle):
    """So many requests of an address to a view's `throttle_scope`, by SHOP_STYLE["THROTTLES"]."""

    cache_format = "shop_style_throttle_%(scope)s_%(ident)s"

    def get_rate(self) -> str | None:
        """The rate of the scope in force; None is no limit."""
        return app_settings().THROTTLES.get(self.scope or "") or None

    def get_ident(self, request: Request) -> str:
        """The sender's address.

        X-Forwarded-For is read only where DRF's NUM_PROXIES says how much of it is ours: a
        sender who rotates it would otherwise pass every limit.
        """
        if api_settings.NUM_PROXIES is None:
            return str(request.META.get("REMOTE_ADDR", ""))
        return str(super().get_ident(request))

    def get_cache_key(self, request: Request, view: Any) -> str:
        """By scope and address, whoever is logged in."""
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}

    def allow_request(self, request: Request, view: Any) -> bool:
        """As DRF's own; a cache that does not answer limits nobody."""
        try:
            return super().allow_request(request, view)
        except Exception:  # cache clients have error families of their own
            logger.exception("no throttling: the cache or its setting failed")
            return True
