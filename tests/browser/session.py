"""A session of a person of the staff, for a browser."""

from __future__ import annotations

from typing import Any


def staff_cookie(server: str, user: Any = None) -> dict[str, str]:
    """The cookie that logs a browser in at this server; as the demo's superuser without a user."""
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    client.force_login(user or User.objects.get(is_superuser=True))
    return {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server}
