"""What the settings take in; light enough for a web process."""

from __future__ import annotations

from shop_style.conf import app_settings
from shop_style.imaging.intake import IntakeLimits


def intake_limits() -> IntakeLimits:
    """What a picture file may be."""
    current = app_settings()
    return IntakeLimits(
        max_bytes=current.MAX_BYTES,
        max_pixels=current.MAX_PIXELS,
        max_side=current.MAX_SIDE,
        min_side=current.MIN_SIDE,
    )


def faces_allowed() -> bool:
    """May people look out of the pictures that are styled?"""
    return app_settings().FACES == "allow"
