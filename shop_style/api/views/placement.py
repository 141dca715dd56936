"""What to show: a list of objects in, a picture for each and one token out."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from shop_style.api.asked import asked
from shop_style.api.base import PublicView
from shop_style.api.objects import find_pictures
from shop_style.api.serializers import (
    ErrorSerializer,
    PlacementRequestSerializer,
    PlacementSerializer,
)
from shop_style.api.written import WrittenJSONRenderer, written_placement, written_tile
from shop_style.experiments.page import Page, Placed, events_address
from shop_style.experiments.pictures import picture_key
from shop_style.experiments.placement import originals, place
from shop_style.sources import SourceImage

logger = logging.getLogger(__name__)


class PlacementView(PublicView):
    """The pictures of a page."""

    throttle_scope = "placement"
    renderer_classes = (WrittenJSONRenderer,)

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
        body = asked(request.data)
        page = _page(request, body)
        names: list[str] = body["objects"]
        found = _found(names, request)
        keys = {name: picture_key(picture) for name, picture in found.items()}
        # The same picture named twice is one tile.
        pictures = dict(zip(keys.values(), found.values(), strict=True))
        tiles = place(page, list(pictures.values()), placement=body["placement"])
        try:
            page.token()
        except Exception:  # no key, no experiment: the originals are shown, and nothing counted
            logger.exception("this page could not be signed; it shows the originals")
            page.drop()
            tiles = originals(page, list(pictures.values()))
        placed = dict(zip(pictures, tiles, strict=True))
        by_name = {name: placed[key] for name, key in keys.items()}
        answer = Response(
            written_placement(
                [_tile(name, by_name.get(name), page) for name in names],
                token=page.token(),
                visitor=page.kept_visitor(),
                events=events_address(request._request),
            )
        )
        # Here, for sites that have the API alone and not the middleware.
        page.finish(answer)
        return answer


def _page(request: Request, body: Mapping[str, Any]) -> Page:
    page = Page.of(request._request)
    page.supplied, page.supplied_preview = body["visitor"], body["preview"]
    page.knows_users = False  # no session is looked at, so there is nothing to forge
    # The answer's body hands the visitor back, with or without our middleware.
    page.keeps_visitor = True
    return page


def _found(names: list[str], request: Request) -> dict[str, SourceImage]:
    try:
        return find_pictures(names, request._request)
    except Exception:  # database or settings: a page without pictures is better than none
        logger.exception("the objects of this placement could not be looked up")
        return {}


def _tile(name: str, tile: Placed | None, page: Page) -> str:
    if tile is None or not tile.rendering.src:
        position = page.next_position() if tile is None else tile.position
        return written_tile(name, position, None, tracked=False)
    return written_tile(name, tile.position, tile.rendering, tracked=tile.tracked)
