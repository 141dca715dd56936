"""A way into the admin of a demo on this computer."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import OutputWrapper

LOGIN = "admin"


def add_login(out: OutputWrapper) -> str:
    """A superuser for this computer, under DEBUG only. Returns the login in words, or nothing."""
    if not settings.DEBUG:
        return ""
    users = get_user_model()._default_manager
    user = users.filter(username=LOGIN).first()
    if user is None:
        users.create_superuser(LOGIN, password=LOGIN)
        out.write(
            f"\nADDED A LOGIN {LOGIN} / {LOGIN} FOR THIS COMPUTER ONLY: "
            "never let others reach a shop that has it."
        )
        return f"login {LOGIN} / {LOGIN}"
    return f"login {LOGIN} / {LOGIN}" if user.check_password(LOGIN) else ""
