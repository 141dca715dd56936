"""What a demo says when it cannot go on."""

from __future__ import annotations

from shop_style.exceptions import ShopStyleError


class DemoError(ShopStyleError, RuntimeError):
    """The demo cannot go on; the message says what to do."""

    code = "demo_failed"
