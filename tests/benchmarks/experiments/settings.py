"""As a shop in production: no debugging, connections kept, and no limit on the one address that a
load generator has."""

import os

import environ

from settings.base import *  # noqa: F403
from settings.base import SHOP_STYLE as _BASE
from settings.base import sqlite

DEBUG = False
SECRET_KEY = "only-for-benchmarks"
ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
ROOT_URLCONF = "tests.benchmarks.experiments.urls"
_url = os.environ["BENCHMARK_DATABASE"]
DATABASES = {
    "default": sqlite(_url.removeprefix("sqlite:"))
    if _url.startswith("sqlite:")
    else {**environ.Env.db_url_config(_url), "CONN_MAX_AGE": 60}
}
MEDIA_ROOT = os.environ["BENCHMARK_FOLDER"] + "/media"
SHOP_STYLE = {
    **_BASE,
    "THROTTLES": dict.fromkeys(("placement", "events", "visitor", "variants", "staff"), ""),
    "LATE_SECONDS": 0.0,
    # Which rows a shop shows is its own query, and no part of this.
    "VISIBLE_ROWS": "",
}
