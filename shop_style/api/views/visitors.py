"""A visitor's own matters: a login that brings the first device's arms, and being forgotten."""

from __future__ import annotations

import dataclasses

from drf_spectacular.utils import extend_schema
from rest_framework import permissions
from rest_framework.request import Request
from rest_framework.response import Response

from shop_style.api.base import PublicView, ShopStyleView
from shop_style.api.serializers import (
    ErrorSerializer,
    ForgottenSerializer,
    VisitorRequestSerializer,
    VisitorSerializer,
)
from shop_style.conf import app_settings
from shop_style.exceptions import UnknownVisitor
from shop_style.experiments.forget import forget_visitor
from shop_style.experiments.login import merge_visitor
from shop_style.experiments.page import Page
from shop_style.experiments.visitor import forget_cookie
from styleeval.sentence import said


class MergeView(ShopStyleView):
    """For somebody who just logged in, known as the host's DRF settings say."""

    permission_classes = (permissions.IsAuthenticated,)
    throttle_scope = "visitor"

    @extend_schema(
        operation_id="visitor_merge",
        request=VisitorRequestSerializer,
        responses={
            200: VisitorSerializer,
            400: ErrorSerializer,
            401: ErrorSerializer,
            403: ErrorSerializer,
            413: ErrorSerializer,
            415: ErrorSerializer,
            429: ErrorSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        """Go on in the arms of the user's first device.

        Keep the `visitor` of the answer in place of the one sent. Without one in the body the
        cookie is meant, and changed.
        """
        body = VisitorRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        supplied = body.validated_data["visitor"]
        if supplied:
            return Response({"visitor": merge_visitor(supplied, request.user)})
        page = Page.of(request._request)
        page.keeps_visitor = True
        answer = Response({"visitor": merge_visitor(request._request, request.user)})
        page.finish(answer)
        return answer


class ForgetView(PublicView):
    """For shoppers: whoever has the signed visitor may have it forgotten."""

    throttle_scope = "visitor"

    @extend_schema(
        operation_id="visitor_forget",
        request=VisitorRequestSerializer,
        responses={
            200: ForgottenSerializer,
            400: ErrorSerializer,
            404: ErrorSerializer,
            413: ErrorSerializer,
            415: ErrorSerializer,
            429: ErrorSerializer,
            503: ErrorSerializer,
        },
    )
    def post(self, request: Request) -> Response:
        """Remove a visitor's events and totals from every experiment.

        The next rollup takes them out of every sum.
        Without one in the body the cookie is meant; it is taken back. Say so twice and the second
        answer has zeros.
        """
        body = VisitorRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        cookie = request._request.COOKIES.get(app_settings().COOKIE_NAME, "")
        visitor = body.validated_data["visitor"] or cookie
        if not visitor:
            raise UnknownVisitor(said("send the visitor to forget, or the visitor cookie"))
        answer = Response(dataclasses.asdict(forget_visitor(visitor, actor="the visitor")))
        if visitor == cookie:
            forget_cookie(answer)
        return answer
