"""Application set-up: checks and signal handlers."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ShopStyleConfig(AppConfig):
    name = "shop_style"
    label = "shop_style"
    verbose_name = _("Shop style")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from shop_style import checks, handlers

        checks.register_checks()
        handlers.connect()
