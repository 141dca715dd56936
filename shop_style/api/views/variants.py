"""Published variants of objects, the same for everybody."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.http import Http404
from django.utils.translation import gettext
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from shop_style.api.base import PRIVATE, PublicView
from shop_style.api.channels import channel_bodies
from shop_style.api.filters import VariantFilter
from shop_style.api.objects import find_pictures, name_of
from shop_style.api.pagination import Pages
from shop_style.api.serializers import (
    MOST_OBJECTS,
    OBJECT_HELP,
    ErrorSerializer,
    VariantDetailSerializer,
    VariantSerializer,
    picture_body,
)
from shop_style.conf import app_settings
from shop_style.experiments.rendering import variant_rendering
from shop_style.models import StyleVariant
from shop_style.sources import SourceImage, source_image

logger = logging.getLogger(__name__)

_KEY = re.compile(r"[1-9]\d{0,17}", re.ASCII)
_Pictures = Mapping[tuple[int, str], SourceImage]


class PublishedView(PublicView):
    """What is the same for everybody, unless the host's VISIBLE_ROWS looks at the request."""

    throttle_scope = "variants"
    cache_control = "public, max-age=60"

    def get_cache_control(self) -> str:
        """Public where every request sees the same rows."""
        return PRIVATE if app_settings().VISIBLE_ROWS else self.cache_control


class VariantsView(PublishedView, GenericAPIView[StyleVariant]):
    """The list."""

    queryset = StyleVariant.objects.none()
    serializer_class = VariantSerializer
    filter_backends = (DjangoFilterBackend,)
    filterset_class = VariantFilter
    pagination_class = Pages

    @extend_schema(
        operation_id="variants",
        parameters=[
            OpenApiParameter(
                "object",
                OpenApiTypes.STR,
                many=True,
                required=True,
                description=f"{OBJECT_HELP}; up to {MOST_OBJECTS}",
            )
        ],
        responses={
            200: VariantSerializer(many=True),
            400: ErrorSerializer,
            404: ErrorSerializer,
            429: ErrorSerializer,
        },
    )
    def get(self, request: Request) -> Response:
        """Published variants of these objects, newest first. What is not published is not there."""
        names = request.query_params.getlist("object")
        if not 1 <= len(names) <= MOST_OBJECTS:
            raise ValidationError({"object": gettext("name 1 to %d objects") % MOST_OBJECTS})
        pictures = list(find_pictures(names, request._request).values())
        rows = StyleVariant.objects.for_objects([item.instance for item in pictures]).published()
        filtered = self.filter_queryset(rows.for_display().order_by("-published_at", "-pk"))
        page = self.paginate_queryset(filtered)
        return self.get_paginated_response(_bodies(page or (), _by_row(pictures)))


class VariantView(PublishedView):
    """One of them."""

    @extend_schema(
        operation_id="variant",
        parameters=[OpenApiParameter("number", OpenApiTypes.INT, OpenApiParameter.PATH)],
        responses={200: VariantDetailSerializer, 404: ErrorSerializer, 429: ErrorSerializer},
    )
    def get(self, request: Request, number: str) -> Response:
        """A published variant, with each channel's answer whether it may go there and why not.

        One that is not published, and one that never was, look alike.
        """
        rows = StyleVariant.objects.published().select_related("style", "content_type")
        variant = rows.filter(pk=number).first() if _KEY.fullmatch(number) else None
        model = variant.content_type.model_class() if variant else None
        if variant is None or model is None:
            raise Http404
        name = f"{model._meta.label_lower}:{variant.object_id}"
        pictures = find_pictures([name], request._request)
        found = list(_bodies([variant], _by_row(pictures.values())))
        if not found:
            raise Http404
        return Response({**found[0], "channels": channel_bodies(variant)})


def _by_row(pictures: Iterable[SourceImage]) -> _Pictures:
    rows = [picture.instance for picture in pictures]
    kinds = ContentType.objects.get_for_models(*{type(row) for row in rows})
    return {
        (kinds[type(picture.instance)].pk, str(picture.instance.pk)): picture
        for picture in pictures
    }


def _bodies(variants: Iterable[StyleVariant], pictures: _Pictures) -> list[dict[str, Any]]:
    found = []
    for variant in variants:
        picture = pictures.get((variant.content_type_id, variant.object_id))
        if picture is None:
            continue
        row = picture.instance
        try:
            rendering = variant_rendering(source_image(row, variant.field), variant)
        except Exception:  # a storage may raise anything; the others are listed all the same
            logger.exception("variant %s cannot be addressed", variant.pk)
            continue
        found.append(
            {
                "id": variant.pk,
                "object": name_of(row),
                "field": variant.field,
                "style_name": variant.style.name,
                "published_at": variant.published_at,
                **picture_body(rendering),
            }
        )
    return found
