"""Bodies as JSON, also under text/plain, and never more bytes than a limit."""

from __future__ import annotations

import json
from typing import Any, NoReturn

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
            raise TooLarge(f"the body is larger than {MOST_BYTES} bytes; send several")
        try:
            return json.loads(data.decode("utf-8"), parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise ParseError("the body is not JSON in UTF-8", code="malformed") from None


class PlainJSONParser(LimitedJSONParser):
    """The same under text/plain, which `sendBeacon` sends without a preflight."""

    media_type = "text/plain"


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
