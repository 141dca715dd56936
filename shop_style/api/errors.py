"""Error bodies: always `{"code", "detail"}`, with `fields` where a field is at fault."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, InterfaceError
from django.http import Http404
from django.utils.translation import gettext, gettext_lazy
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from shop_style.exceptions import (
    ExperimentError,
    ShopStyleError,
    TokenError,
    UnknownExperiment,
    UnknownVisitor,
)
from shop_style.words import in_words

logger = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[ShopStyleError], int], ...] = (
    (UnknownExperiment, status.HTTP_404_NOT_FOUND),
    (UnknownVisitor, status.HTTP_404_NOT_FOUND),
    (ExperimentError, status.HTTP_409_CONFLICT),
    (TokenError, status.HTTP_400_BAD_REQUEST),
)


class TooLarge(exceptions.APIException):
    """The body has more bytes than an endpoint takes."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = gettext_lazy("the body is larger than this endpoint takes")


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """The answer to any exception of our views: coded, never a 500 page."""
    set_rollback()  # under ATOMIC_REQUESTS an error must not be committed
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.APIException):
        return _of_api(error)
    for kind, code in _STATUS:
        if isinstance(error, kind):
            return _answer(error.code, in_words(error), code)
    view = type(context.get("view")).__name__
    logger.exception("%s failed", view, exc_info=error)
    if isinstance(error, DatabaseError | InterfaceError):
        text = gettext("the database does not answer; send it again later")
    else:
        text = gettext("this could not be done; it has been logged")
    return _answer("unavailable", text, status.HTTP_503_SERVICE_UNAVAILABLE, {"Retry-After": "30"})


def _of_api(error: exceptions.APIException) -> Response:
    headers = {}
    wait = getattr(error, "wait", None)
    if wait:
        headers["Retry-After"] = str(round(wait) + 1)
    if isinstance(error, exceptions.ValidationError):
        body = {"code": "invalid", "detail": _first_words(error.detail), "fields": error.detail}
        return Response(body, status=error.status_code, headers=headers)
    codes = error.get_codes()
    code = codes if isinstance(codes, str) else error.default_code
    return _answer(code, str(error.detail), error.status_code, headers)


def _first_words(detail: Any) -> str:
    """The first message of a nested structure, with the name of its field."""
    name = ""
    while isinstance(detail, dict | list) and detail:
        if isinstance(detail, dict):
            key, detail = next(iter(detail.items()))
            name = f"{name}{key}: "
        else:
            detail = next((item for item in detail if item), "")
    return f"{name}{detail}"


def _answer(
    code: str, detail: str, http_status: int, headers: dict[str, str] | None = None
) -> Response:
    return Response({"code": code, "detail": detail}, status=http_status, headers=headers)
