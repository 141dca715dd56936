"""The demo shop as an app of its own: a shop that uses the plugin never installs it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DemoConfig(AppConfig):
    name = "shop_style.demo"
    label = "demo"
    verbose_name = _("Demo shop")
    default_auto_field = "django.db.models.BigAutoField"
