"""The demo's addresses, and a view that does nothing but answer."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from django.urls import include, path
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop_style.demo.models import ProductImage

_answers: dict[str, Any] = {}


class BareView(APIView):
    """The same request and the same JSON after one query: what Django and DRF take alone."""

    authentication_classes = ()
    permission_classes = ()
    parser_classes = (JSONParser,)
    renderer_classes = (JSONRenderer,)

    def post(self, request: Request) -> Response:
        keys = [int(name.rpartition(":")[2]) for name in request.data["objects"]]
        rows = {row.pk: row for row in ProductImage.objects.filter(pk__in=keys)}
        assert len(rows) == len(keys)
        return Response(_answer())


def _answer() -> Any:
    if "it" not in _answers:
        _answers["it"] = json.loads(Path(os.environ["BENCHMARK_FOLDER"], "answer").read_text())
    return _answers["it"]


urlpatterns = [
    path("bare/", BareView.as_view()),
    path("shop-style/", include("shop_style.urls")),
]
