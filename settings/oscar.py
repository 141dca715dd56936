"""A shop on django-oscar, with nothing of Oscar changed: `make demo-oscar`, `make test-oscar`."""

import os
import tempfile

from django.urls import reverse_lazy
from oscar.defaults import *

from settings.base import *

# The tests' shop, and each of their processes, keeps its files in a folder of its own.
_folder = Path(os.environ.get("SHOP_STYLE_OSCAR_FOLDER") or VAR_DIR / "oscar")
if os.environ.get("SHOP_STYLE_OSCAR_FOLDER") == "temporary":
    _folder = Path(tempfile.mkdtemp(prefix="shop-style-oscar-"))
    os.environ["SHOP_STYLE_OSCAR_FOLDER"] = str(_folder)
_folder.mkdir(parents=True, exist_ok=True)

DEBUG = True
SECRET_KEY = "only-for-the-demo-on-this-computer"
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]
ROOT_URLCONF = "settings.oscar_urls"
WSGI_APPLICATION = "settings.wsgi.application"
SITE_ID = 1
VAR_DIR = _folder
MEDIA_ROOT = _folder / "media"
STATIC_ROOT = _folder / "static"
DATABASES = {"default": {**sqlite(_folder / "oscar.sqlite3"), "ATOMIC_REQUESTS": True}}
DATABASES["default"]["TEST"] = {"NAME": str(_folder / "test_oscar.sqlite3")}

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.sites",
    "django.contrib.flatpages",
    "rest_framework",
    "shop_style",
    # Before Oscar's apps, so that its templates come first.
    "shop_style.oscar",
    "oscar.config.Shop",
    "oscar.apps.analytics.apps.AnalyticsConfig",
    "oscar.apps.checkout.apps.CheckoutConfig",
    "oscar.apps.address.apps.AddressConfig",
    "oscar.apps.shipping.apps.ShippingConfig",
    "oscar.apps.catalogue.apps.CatalogueConfig",
    "oscar.apps.catalogue.reviews.apps.CatalogueReviewsConfig",
    "oscar.apps.communication.apps.CommunicationConfig",
    "oscar.apps.partner.apps.PartnerConfig",
    "oscar.apps.basket.apps.BasketConfig",
    "oscar.apps.payment.apps.PaymentConfig",
    "oscar.apps.offer.apps.OfferConfig",
    "oscar.apps.order.apps.OrderConfig",
    "oscar.apps.customer.apps.CustomerConfig",
    "oscar.apps.search.apps.SearchConfig",
    "oscar.apps.voucher.apps.VoucherConfig",
    "oscar.apps.wishlists.apps.WishlistsConfig",
    "oscar.apps.dashboard.apps.DashboardConfig",
    "oscar.apps.dashboard.reports.apps.ReportsDashboardConfig",
    "oscar.apps.dashboard.users.apps.UsersDashboardConfig",
    "oscar.apps.dashboard.orders.apps.OrdersDashboardConfig",
    "oscar.apps.dashboard.catalogue.apps.CatalogueDashboardConfig",
    "oscar.apps.dashboard.offers.apps.OffersDashboardConfig",
    "oscar.apps.dashboard.partners.apps.PartnersDashboardConfig",
    "oscar.apps.dashboard.pages.apps.PagesDashboardConfig",
    "oscar.apps.dashboard.ranges.apps.RangesDashboardConfig",
    "oscar.apps.dashboard.reviews.apps.ReviewsDashboardConfig",
    "oscar.apps.dashboard.vouchers.apps.VouchersDashboardConfig",
    "oscar.apps.dashboard.communications.apps.CommunicationsDashboardConfig",
    "oscar.apps.dashboard.shipping.apps.ShippingDashboardConfig",
    "widget_tweaks",
    "haystack",
    "treebeard",
    "sorl.thumbnail",
    "django_tables2",
]

MIDDLEWARE = [
    *MIDDLEWARE,
    "oscar.apps.basket.middleware.BasketMiddleware",
    "django.contrib.flatpages.middleware.FlatpageFallbackMiddleware",
]
AUTHENTICATION_BACKENDS = [
    "oscar.apps.customer.auth_backends.EmailBackend",
    "django.contrib.auth.backends.ModelBackend",
]
TEMPLATES[0]["OPTIONS"]["context_processors"] += [
    "oscar.apps.search.context_processors.search_form",
    "oscar.apps.checkout.context_processors.checkout",
    "oscar.apps.communication.notifications.context_processors.notifications",
    "oscar.core.context_processors.metadata",
]
# Oscar lists products by its search index. Whoosh is a folder of files: nothing to install or run.
HAYSTACK_CONNECTIONS = {
    "default": {
        "ENGINE": "haystack.backends.whoosh_backend.WhooshEngine",
        "PATH": str(_folder / "search"),
        "INCLUDE_SPELLING": True,
    }
}
HAYSTACK_SIGNAL_PROCESSOR = "haystack.signals.RealtimeSignalProcessor"

OSCAR_SHOP_NAME = "Lindow & Hale"
OSCAR_DEFAULT_CURRENCY = "GBP"
OSCAR_ALLOW_ANON_CHECKOUT = True
# Our pages live in Django's admin; the shop's staff find them from where they work.
OSCAR_DASHBOARD_NAVIGATION = [
    *OSCAR_DASHBOARD_NAVIGATION,
    {
        "label": "Styled pictures",
        "icon": "fas fa-image",
        "url_name": "admin:app_list",
        "url_args": ["shop_style"],
        "access_fn": lambda user, *args, **kwargs: user.is_staff,
    },
]
LOGIN_REDIRECT_URL = reverse_lazy("catalogue:index")
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

SHOP_STYLE = {
    "SOURCES": ["catalogue.ProductImage.original"],
    "ALT_TEXT": "shop_style.oscar.words.title_of",
    "VISIBLE_ROWS": "shop_style.oscar.words.on_show",
    "LATE_SECONDS": 0.0,
}
