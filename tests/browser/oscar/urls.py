"""Oscar's shop, with media from the test's own folder."""

from __future__ import annotations

from django.urls import re_path

from settings.oscar_urls import urlpatterns as oscar_patterns
from tests.browser.media import media

urlpatterns = [re_path(r"^media/(?P<name>.+)$", media), *oscar_patterns]
