"""Embedded defaults: SQLite, local files, no broker. The default of manage.py."""

from settings.base import *

DEBUG = True
SECRET_KEY = "only-for-the-demo-on-this-computer"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
VAR_DIR.mkdir(exist_ok=True)
DATABASES = {"default": sqlite(VAR_DIR / "demo.sqlite3")}
SHOP_STYLE = {
    **SHOP_STYLE,
    # The demo's simulated visitors all come from this computer's one address.
    "THROTTLES": dict.fromkeys(("placement", "events", "visitor", "variants", "staff"), ""),
    # SQLite lets one writer in at a time: no event commits later than a younger one.
    "LATE_SECONDS": 0.0,
    "SLICE_SECONDS": 0.0,
    # They do not wait before they click, either.
    "BOTS": {"click_ms": 0},
}
