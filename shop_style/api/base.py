"""What every endpoint shares: JSON in and out, coded errors, no setting of the host's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from drf_spectacular.openapi import AutoSchema
from rest_framework import permissions
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop_style.api.errors import handle
from shop_style.api.parsers import LimitedJSONParser
from shop_style.api.throttles import AddressThrottle

PRIVATE = "private, no-store"


class ShopStyleView(APIView):
    """Policies as class attributes; `cache_control` is the header of a good answer."""

    schema = AutoSchema()
    renderer_classes = (JSONRenderer,)
    parser_classes: Any = (LimitedJSONParser,)
    throttle_classes = (AddressThrottle,)
    throttle_scope: str
    cache_control: ClassVar[str] = PRIVATE

    def get_exception_handler(self) -> Callable[..., Response]:
        """Ours, whatever the host's DRF settings say."""
        return handle

    def get_cache_control(self) -> str:
        """The header of a good answer."""
        return self.cache_control

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Say what a cache may keep: a good answer by `cache_control`, an error never."""
        response = super().finalize_response(request, response, *args, **kwargs)
        good = response.status_code < 400
        response["Cache-Control"] = self.get_cache_control() if good else PRIVATE
        response["X-Content-Type-Options"] = "nosniff"
        return response


class PublicView(ShopStyleView):
    """For shoppers: no session is looked at, so there is nothing to forge."""

    authentication_classes = ()
    permission_classes = (permissions.AllowAny,)


class MaySeeExperiments(permissions.BasePermission):
    """Staff with the permission to view experiments."""

    def has_permission(self, request: Request, view: Any) -> bool:
        user = request.user
        return bool(user and user.is_staff and user.has_perm("shop_style.view_experiment"))


class StaffView(ShopStyleView):
    """For staff, logged in as the host's DRF settings say."""

    permission_classes = (MaySeeExperiments,)
    throttle_scope = "staff"
