"""A variant as schema.org's `ImageObject`: what search engines read of its origin."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.safestring import SafeString, mark_safe

from shop_style.conf import app_settings
from shop_style.experiments.rendering import Rendering

_IPTC: Final = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
# As Django's `json_script` has it: nothing in the data may end the element.
_ESCAPES: Final = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


def image_object(
    rendering: Rendering, *, alt: str, absolute: Callable[[str], str]
) -> dict[str, Any]:
    """The properties of a variant. absolute: makes a full address of one of the site.

    Source: schema.org `ImageObject`, `digitalSourceType`; IPTC Photo Metadata 2023.2.
    """
    name = rendering.digital_source_type.rpartition("/")[2]
    found: dict[str, Any] = {
        "@context": ["https://schema.org", {"Iptc4xmpExt": _IPTC}],
        "@type": "ImageObject",
        "contentUrl": absolute(rendering.src),
        "name": alt,
        "width": rendering.width,
        "height": rendering.height,
        "isBasedOn": absolute(rendering.original) if rendering.original else "",
        "digitalSourceType": f"https://schema.org/{name[:1].upper()}{name[1:]}DigitalSource",
        "Iptc4xmpExt:DigitalSourceType": {"@id": rendering.digital_source_type},
        **app_settings().IMAGE_CREDIT,
    }
    return {key: value for key, value in found.items() if value}


def json_ld(rendering: Rendering, *, alt: str, absolute: Callable[[str], str]) -> SafeString:
    """The same as text that may stand in a script element; empty for an original."""
    if not (rendering.is_styled and rendering.src and rendering.digital_source_type):
        return mark_safe("")
    found = image_object(rendering, alt=alt, absolute=absolute)
    text = json.dumps(found, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))
    return mark_safe(text.translate(_ESCAPES))  # noqa: S308  # escaped for its place
