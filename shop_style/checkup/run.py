"""All points of a check-up, in the order a host is built."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import DatabaseError

from shop_style.checkup import host, pictures, work
from shop_style.checkup.finding import Area, Finding
from shop_style.exceptions import ShopStyleError

_CHECKS = (
    host.check_settings,
    host.check_tables,
    pictures.check_sources,
    pictures.check_storage,
    host.check_addresses,
    host.check_cache,
    *work.ALL,
)


def findings() -> Iterator[Finding]:
    """Each finding as it is made. What fails in one area leaves the others to be looked at."""
    for check in _CHECKS:
        try:
            yield from check()
        except ShopStyleError as error:
            area = Area(check.__name__.removeprefix("check_"))
            yield area.wrong(f"{error} ({error.code})", "Mend what the points above name first.")
        except DatabaseError as error:
            area = Area(check.__name__.removeprefix("check_"))
            yield area.wrong(
                f"the database fails: {error}", "Run `manage.py migrate`, or look at DATABASES."
            )
