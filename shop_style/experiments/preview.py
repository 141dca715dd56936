"""A look at an arm for people of the shop: by a signed link that expires, and never counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from django.core import signing
from django.http import HttpRequest

from shop_style.conf import app_settings
from shop_style.models import Arm

PARAMETER: Final = "shop_style_arm"
_SALT: Final = "shop_style.preview"
_LONGEST: Final = 300


@dataclass(frozen=True, kw_only=True)
class Preview:
    """Row numbers of what is to be seen. style: None is the control. All 0: a link that is not
    ours or too old, whose page shows the originals and counts no more than another preview."""

    experiment: int = 0
    arm: int = 0
    style: int | None = None


def preview_value(arm: Arm) -> str:
    """The signed arm: the link's parameter, and what headless callers send as `preview`."""
    return signing.dumps([arm.experiment_id, arm.pk, arm.style_id], salt=_SALT)


def preview_link(arm: Arm, page: str = "") -> str:
    """Address of a storefront page as the arm's visitors see it, for PREVIEW_HOURS.

    page: its address; empty is PREVIEW_PAGE. Whoever has the link sees it, without a login.
    """
    page = page or app_settings().PREVIEW_PAGE
    return f"{page}{'&' if '?' in page else '?'}{urlencode({PARAMETER: preview_value(arm)})}"


def requested_preview(request: HttpRequest, supplied: str = "") -> Preview | None:
    """What a request wants to see, or None for an ordinary page. A bad link is a Preview too:
    who wanted to look uncounted must not be enrolled instead."""
    text = supplied or request.GET.get(PARAMETER)
    if text is None:
        return None
    try:
        if len(text) > _LONGEST:
            return Preview()
        age = timedelta(hours=app_settings().PREVIEW_HOURS)
        experiment, arm, style = signing.loads(text, salt=_SALT, max_age=age)
    except (signing.BadSignature, ValueError, TypeError):
        return Preview()
    return Preview(experiment=experiment, arm=arm, style=style)
