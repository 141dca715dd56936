"""Bodies as JSON, also under text/plain, and never more bytes than a limit."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from shop_style.api.errors import TooLarge
from shop_style.experiments.ingest import MOST_BYTES


class LimitedJSONParser(BaseParser):
    """JSON of at most 64 KiB; what a beacon can hold."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """The decoded value. Raises TooLarge, or ParseError for what is no strict JSON."""
        data = stream.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise TooLarge(
                _("the body is larger than %(most)d bytes; send several") % {"most": MOST_BYTES}
            )
        try:
            return json.loads(data.decode("utf-8"), parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise ParseError(_("the body is not JSON in UTF-8"), code="malformed") from None


class PlainJSONParser(LimitedJSONParser):
    """The same under text/plain, which `sendBeacon` sends without a preflight."""

    media_type = "text/plain"


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
