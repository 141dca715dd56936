"""What happened: events of a page view, by its token."""

from __future__ import annotations

import dataclasses

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from shop_style.api.base import PublicView
from shop_style.api.parsers import LimitedJSONParser, PlainJSONParser
from shop_style.api.serializers import (
    ErrorSerializer,
    EventsRequestSerializer,
    EventsSchemaSerializer,
    EventsSerializer,
)
from shop_style.experiments.ingest import ingest
from shop_style.experiments.visitor import edge_person, user_agent


class EventsView(PublicView):
    """Reports of what a shopper saw and clicked."""

    throttle_scope = "events"
    parser_classes = (LimitedJSONParser, PlainJSONParser)

    @extend_schema(
        operation_id="events",
        request={
            "application/json": EventsSchemaSerializer,
            "text/plain": EventsSchemaSerializer,
        },
        responses={
            202: EventsSerializer,
            400: ErrorSerializer,
            413: ErrorSerializer,
            415: ErrorSerializer,
            429: ErrorSerializer,
            503: ErrorSerializer,
        },
        examples=[
            OpenApiExample(
                "two events",
                value={
                    "token": "eyJ…",
                    "events": [
                        {"kind": "viewable", "position": 0},
                        {"kind": "click", "position": 0},
                    ],
                },
                request_only=True,
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Report up to 100 events of a page, in at most 64 KiB.

        Arm, product and visitor come from the token, the time from the server's clock. Sending
        the same event again is harmless. Each event is judged by itself: `rejected` names those
        that could not be taken, with a code: `bad_event`, `unknown_kind`, `bad_position`,
        `unknown_position`, `closed_experiment`, `no_part`. With 202, what was accepted is stored.
        """
        body = EventsRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        report = ingest(
            body.validated_data["token"],
            body.validated_data["events"],
            agent=user_agent(request._request),
            person=edge_person(request._request),
            view=body.validated_data["view"],
        )
        return Response(dataclasses.asdict(report), status=202)
