"""The host's own part: settings, tables, addresses, middleware, cache."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.core import checks
from django.core.cache import cache
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.urls import NoReverseMatch, reverse

from shop_style.checkup.finding import Area, Findings
from shop_style.generation.databases import variant_databases

MIDDLEWARE: Final = "shop_style.middleware.ShopStyleMiddleware"
_PROBE: Final = "shop_style.checkup"


def check_settings() -> Findings:
    """What `manage.py check` says of this plugin, those for deployment included."""
    area = Area("settings")
    messages = [
        message
        for message in checks.run_checks(include_deployment_checks=not settings.DEBUG)
        if str(message.id).startswith("shop_style.")
    ]
    for message in messages:
        make = area.wrong if message.level >= checks.ERROR else area.notice
        yield make(f"{message.msg} ({message.id})", message.hint or "See docs/settings.md.")
    if not messages:
        yield area.right("SHOP_STYLE holds nothing unknown and nothing out of range")


def check_tables() -> Findings:
    """Are all migrations applied, in each database that holds variants?"""
    area = Area("database")
    for alias in variant_databases():
        executor = MigrationExecutor(connections[alias])
        wanted = [key for key in executor.loader.graph.leaf_nodes() if key[0] == "shop_style"]
        missing = [migration.name for migration, _ in executor.migration_plan(wanted)]
        if missing:
            yield area.wrong(
                f"{len(missing)} migrations are missing from {alias!r}: {', '.join(missing)}",
                f"Run `manage.py migrate --database {alias}`.",
            )
        else:
            yield area.right(f"{alias!r} has all tables")


def check_addresses() -> Findings:
    """Are our urls included, and is the middleware there that keeps visitors?"""
    area = Area("storefront")
    try:
        yield area.right(f"events are taken at {reverse('shop_style:events')}")
    except NoReverseMatch:
        yield area.wrong(
            "shop_style.urls is not in the site's urls: no page can report what was seen",
            'Add path("shop-style/", include("shop_style.urls")) to the urls.',
        )
    if MIDDLEWARE in settings.MIDDLEWARE:
        yield area.right("the middleware keeps visitors in their arms")
    else:
        yield area.notice(
            "the middleware is not in MIDDLEWARE: template tags enrol nobody",
            f"Add {MIDDLEWARE!r}; a headless shop that only asks the API needs none.",
        )


def check_cache() -> Findings:
    """Does the cache keep what is put into it, and for all processes?"""
    area = Area("cache")
    try:
        cache.set(_PROBE, "kept", 60)
        kept = cache.get(_PROBE) == "kept"
        cache.delete(_PROBE)
    except Exception as error:  # cache clients have error families of their own
        yield area.wrong(
            f"the cache fails: {type(error).__name__}: {error}",
            "Look at CACHES['default']; pages go on without it, limits on requests do not hold.",
        )
        return
    backend = str(settings.CACHES["default"]["BACKEND"])
    if not kept:
        yield area.notice(
            f"the cache keeps nothing ({backend}): limits on requests do not hold",
            "Name a cache that keeps in CACHES['default'].",
        )
    elif "locmem" in backend and not settings.DEBUG:
        yield area.notice(
            "the cache is each process's own: every process counts requests for itself",
            "With several web processes use one that they share, such as Redis or the database.",
        )
    else:
        yield area.right("the cache keeps what is put into it")
