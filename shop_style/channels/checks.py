"""System checks of SHOP_STYLE["CHANNELS"]."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error
from django.core.checks import Warning as CheckWarning

from shop_style.channels.configuration import mistakes, policies
from shop_style.conf import app_settings
from shop_style.exceptions import SettingsError


def check_channels(**_: Any) -> list[CheckMessage]:
    """E012: a channel policy that cannot be used. W007: one that takes no format we render."""
    try:
        current = app_settings()
    except SettingsError:
        return []  # E002 says it
    problems = mistakes(current.CHANNELS)
    if problems:
        return [
            Error(
                f"SHOP_STYLE['CHANNELS']: {problem}.",
                hint="docs/channels.md lists every rule.",
                id="shop_style.E012",
            )
            for problem in problems
        ]
    return [
        CheckWarning(
            f"No picture can go to the channel {policy.slug!r}: it takes "
            f"{', '.join(policy.formats)}, and SHOP_STYLE['RENDITION_FORMATS'] renders "
            f"{', '.join(current.RENDITION_FORMATS) or 'nothing'}.",
            hint="Render a format that it takes, or set SHOP_STYLE['CHANNELS'] = "
            f"{{{policy.slug!r}: None}} where it is not used.",
            id="shop_style.W007",
        )
        for policy in policies().values()
        if not set(policy.formats) & set(current.RENDITION_FORMATS)
    ]
