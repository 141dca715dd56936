"""Tests: real SQLite files, so that worker processes see what the test wrote."""

import os
import tempfile
from pathlib import Path
from typing import Any

from settings.base import *

DEBUG = False
SECRET_KEY = "only-for-tests"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]

# A test's worker process gets its parent's databases and media folder through these.
_folder = Path(os.environ.get("SHOP_STYLE_TEST_FOLDER") or tempfile.mkdtemp(prefix="shop-style-"))
_is_child = "SHOP_STYLE_TEST_FOLDER" in os.environ


def _database(name: str) -> dict[str, Any]:
    database = sqlite(_folder / (f"test_{name}.sqlite3" if _is_child else f"{name}.sqlite3"))
    database["TEST"] = {"NAME": str(_folder / f"test_{name}.sqlite3")}
    return database


def _default_database() -> dict[str, Any]:
    """SQLite, or what SHOP_STYLE_TEST_DATABASE says, such as postgres://me@localhost/test."""
    url = os.environ.get("SHOP_STYLE_TEST_DATABASE")
    if not url:
        return _database("default")
    import environ

    database: dict[str, Any] = environ.Env.db_url_config(url)
    if _is_child:
        database["NAME"] = f"test_{database['NAME']}"
    return database


TEST_FOLDER = _folder
DATABASES = {"default": _default_database(), "tenant": _database("tenant")}
DATABASE_ROUTERS: list[str] = []
INSTALLED_APPS = [*INSTALLED_APPS, "tests.shop"]
MEDIA_ROOT = os.environ.get("SHOP_STYLE_TEST_MEDIA", str(_folder / "media"))
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SHOP_STYLE = {
    "SOURCES": [
        "demo.ProductImage.image",
        "shop.Chair.photo",
        "shop.Poster.artwork",
        "shop.Shot.picture",
    ],
    # Tests expire leases by hand; clocks of virtual machines jump by seconds.
    "LEASE_SECONDS": 60,
    "POLL_SECONDS": 0.1,
    "RETRY_SECONDS": 0,
    # Long, so that query counts hold; tests forget the snapshot when they change it.
    "SNAPSHOT_SECONDS": 3600.0,
    "LATE_SECONDS": 0.0,
    "SLICE_SECONDS": 0.0,
    # Visitors of tests click at once.
    "BOTS": {"click_ms": 0},
    "THROTTLES": dict.fromkeys(("placement", "events", "visitor", "variants", "staff"), ""),
}
