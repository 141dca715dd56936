"""Media of a test's own folder."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.static import serve


def media(request: HttpRequest, name: str) -> HttpResponse:
    """A file of the folder that this test has; read at each call, for the next has another."""
    return serve(request, name, document_root=settings.MEDIA_ROOT)  # type: ignore[return-value]
