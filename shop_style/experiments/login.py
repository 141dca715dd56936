"""What a host calls when somebody logs in: the arms of the first device win."""

from __future__ import annotations

import logging
from typing import Any

from django.http import HttpRequest

from shop_style.conf import app_settings
from shop_style.experiments.guard import guarded
from shop_style.experiments.identity import entered, recognised, remember
from shop_style.experiments.page import Page
from shop_style.experiments.snapshot import current_snapshot, experiment_database
from shop_style.experiments.visitor import Visitor, known_visitor, new_visitor

logger = logging.getLogger(__name__)


def merge_visitor(visitor: HttpRequest | str, user: Any) -> str:
    """Let the visitor go on in the arms that this user's first device was given.

    visitor: the request, whose answer then carries the cookie (by our middleware), or the signed
    visitor that a headless caller keeps. Returns what to keep from now on; empty where there is
    nothing. Who had entered an experiment with another arm saw both: such visitors are left out of
    its result and counted. Never raises: a login must go through.
    """
    try:
        with guarded(experiment_database()):
            if isinstance(visitor, HttpRequest):
                return _merge_request(visitor, user)
            known = known_visitor(visitor) or new_visitor()
            merged = _merged(known, user)
            return merged.signed() if merged != known or not known.is_new else ""
    except Exception:  # whatever it is, the shopper must be able to log in
        logger.exception("a login was not merged with its visitor")
        return visitor if isinstance(visitor, str) else ""


def on_login(request: HttpRequest | None, user: Any, **_: Any) -> None:
    """Receiver of Django's `user_logged_in`; does nothing unless MERGE_LOGINS says so."""
    if request is not None and app_settings().MERGE_LOGINS:
        merge_visitor(request, user)


def _merge_request(request: HttpRequest, user: Any) -> str:
    page = Page.of(request)
    if page.visitor.excluded or page.visitor.bucket is not None:
        return ""
    page.become(_merged(page.visitor, user))
    return page.kept_visitor()


def _merged(visitor: Visitor, user: Any) -> Visitor:
    live = current_snapshot().live
    merged = recognised(visitor, user, live)
    remember(user, entered(merged, live))
    return merged
