"""The demo's addresses, with media from the test's own folder."""

from __future__ import annotations

from django.urls import re_path

from settings.urls import urlpatterns as demo_patterns
from tests.browser.media import media

urlpatterns = [*demo_patterns, re_path(r"^media/(?P<name>.+)$", media)]
