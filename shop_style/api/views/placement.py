"""What to show: a list of objects in, a picture for each and one token out."""

from __future__ import annotations

import logging
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from shop_style.api.base import PublicView
from shop_style.api.objects import find_pictures
from shop_style.api.serializers import (
    ErrorSerializer,
    PlacementRequestSerializer,
    PlacementSerializer,
    picture_body,
)
from shop_style.experiments.page import Page, Placed
from shop_style.experiments.placement import place
from shop_style.sources import SourceImage

logger = logging.getLogger(__name__)


class PlacementView(PublicView):
    """The pictures of a page."""

    throttle_scope = "placement"

    @extend_schema(
        operation_id="placement",
        request=PlacementRequestSerializer,
        responses={
            200: PlacementSerializer,
            400: ErrorSerializer,
            413: ErrorSerializer,
            415: ErrorSerializer,
            429: ErrorSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        """Choose a picture for each object.

        The same visitor gets the same arm on every page. An object that does not exist, is not
        for shoppers or has no picture gets `picture: null`, all alike. Any failure of ours shows
        originals, with status 200.
        """
        body = PlacementRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        page = _page(request, body.validated_data["visitor"])
        names: list[str] = body.validated_data["objects"]
        found = _found(names, request)
        wanted = [found[name] for name in names if name in found]
        placed = iter(place(page, wanted, placement=body.validated_data["placement"]))
        pictures = [_tile(name, next(placed) if name in found else None, page) for name in names]
        answer = Response(
            {
                "pictures": pictures,
                "token": page.token(),
                "visitor": page.visitor.signed() if page.is_tracked else "",
                "events": reverse("shop_style:events"),
            }
        )
        # Here, for sites that have the API alone and not the middleware.
        page.finish(answer)
        return answer


def _page(request: Request, supplied: str) -> Page:
    page = Page.of(request._request)
    page.supplied = supplied
    # The answer's body hands the visitor back, with or without our middleware.
    page.keeps_visitor = True
    return page


def _found(names: list[str], request: Request) -> dict[str, SourceImage]:
    try:
        return find_pictures(names, request._request)
    except Exception:  # database or settings: a page without pictures is better than none
        logger.exception("the objects of this placement could not be looked up")
        return {}


def _tile(name: str, placed: Placed | None, page: Page) -> dict[str, Any]:
    if placed is None or not placed.rendering.src:
        position = page.next_position() if placed is None else placed.position
        return {"object": name, "position": position, "tracked": False, "picture": None}
    return {
        "object": name,
        "position": placed.position,
        "tracked": placed.tracked,
        "picture": picture_body(placed.rendering),
    }
